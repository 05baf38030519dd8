/** Waits until something is so. */
export async function until(isSo, what, withinMs = 120_000) {
  const since = Date.now();
  while (!(await isSo())) {
    if (Date.now() - since > withinMs) throw new Error(`not within ${withinMs} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
