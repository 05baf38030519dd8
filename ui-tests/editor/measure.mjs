// What a real rust-analyzer knows of programs that are being typed: `node ui-tests/editor/measure.mjs`.
// It needs `rustup component add rust-analyzer rust-src`, and builds the macros once for the editor.

import { Editor } from "./client.mjs"
import { programs } from "./programs.mjs"

const editor = await Editor.start()
const only = process.argv[2]
let failed = 0
console.log("| situation | impl | module |\n|---|---|---|")
const both = programs("impl").map((one, index) => [one, programs("module")[index]])
for (const pair of both) {
  const cells = []
  for (const { what, asks, wanted, program } of pair) {
    if (only && !what.includes(only)) continue
    const found = asks === "rename" ? await editor.rename(program, wanted) : await editor[asks](program)
    const has = {
      completion: () => found.some((label) => label === wanted || label.startsWith(`${wanted}(`)),
      hover: () => found.includes(wanted),
      definition: () => found.length === 1 && found[0].includes(wanted),
      rename: () => !found.startsWith("refused") && !(what.includes("topic parameter") && found.includes("{room_id}")),
    }[asks]()
    if (!has) failed += 1
    if (!has || only) console.error(what, asks, found)
    const count = asks === "completion" ? ` (${found.length})` : ""
    cells.push(`${has ? "yes" : "no"}${count}`)
  }
  if (cells.length) console.log(`| ${pair[0].what} | ${cells.join(" | ")} |`)
}
await editor.stop()
process.exitCode = failed ? 1 : 0
