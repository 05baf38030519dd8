/** As much of a browser's XMLHttpRequest as the long-polling of older clients needs, over fetch. */
export class XMLHttpRequest {
  static #open = new Set();

  /** Some clients fail over an answer that comes after they went. */
  static abortAll() {
    for (const request of XMLHttpRequest.#open) request.abort();
  }

  readyState = 0;
  status = 0;
  responseText = "";
  timeout = 0;
  #headers = {};
  #abort = new AbortController();

  open(method, url) {
    this.method = method;
    this.url = url;
    this.readyState = 1;
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }

  abort() {
    this.onreadystatechange = this.onerror = this.ontimeout = null;
    this.#abort.abort();
  }

  async send(body) {
    XMLHttpRequest.#open.add(this);
    let late = false;
    const timer =
      this.timeout &&
      setTimeout(() => {
        late = true;
        this.#abort.abort();
      }, this.timeout);
    try {
      const answer = await fetch(this.url, {
        method: this.method,
        headers: this.#headers,
        body: body ?? undefined,
        signal: this.#abort.signal,
      });
      this.responseText = await answer.text();
      this.status = answer.status;
    } catch {
      this.readyState = 4;
      return late ? this.ontimeout?.() : this.onerror?.();
    } finally {
      XMLHttpRequest.#open.delete(this);
      clearTimeout(timer);
    }
    this.readyState = 4;
    this.onreadystatechange?.();
  }
}
