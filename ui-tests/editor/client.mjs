// A client of rust-analyzer that opens one file of a small crate.

import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"

const root = resolve(import.meta.dirname, "../..")

/// Makes the crate, outside of the workspace so that nothing but the library is loaded.
function makeCrate() {
  const crate = join(root, "target/editor")
  mkdirSync(join(crate, "src"), { recursive: true })
  const dependencies = [
    `phx-runtime = { path = "${join(root, "phx-runtime")}" }`,
    'serde = { version = "1", features = ["derive"] }',
  ]
  writeFileSync(
    join(crate, "Cargo.toml"),
    `[package]\nname = "editor"\nedition = "2024"\n[workspace]\n[dependencies]\n${dependencies.join("\n")}\n`,
  )
  writeFileSync(join(crate, "Cargo.lock"), readFileSync(join(root, "Cargo.lock")))
  writeFileSync(join(crate, "src/lib.rs"), "")
  return crate
}

export class Editor {
  #server
  #answers = new Map()
  #next = 1
  #ready
  #version = 1

  static async start() {
    const editor = new Editor()
    const crate = makeCrate()
    editor.uri = pathToFileURL(join(crate, "src/lib.rs")).href
    editor.#server = spawn("rust-analyzer", [], {
      cwd: crate,
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, RA_LOG: "error" },
    })
    const ready = new Promise((ready) => (editor.#ready = ready))
    editor.#listen()
    await editor.request("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(crate).href,
      capabilities: {
        experimental: { serverStatusNotification: true },
        textDocument: {
          hover: { contentFormat: ["plaintext"] },
          rename: { prepareSupport: true },
        },
        general: { positionEncodings: ["utf-16"] },
      },
      initializationOptions: {
        checkOnSave: false,
        cachePriming: { enable: false },
        procMacro: { enable: true, attributes: { enable: true } },
        cargo: { buildScripts: { enable: true } },
      },
    })
    editor.notify("initialized", {})
    editor.notify("textDocument/didOpen", {
      textDocument: { uri: editor.uri, languageId: "rust", version: 1, text: "" },
    })
    await ready
    return editor
  }

  #listen() {
    let buffer = Buffer.alloc(0)
    this.#server.stdout.on("data", (data) => {
      buffer = Buffer.concat([buffer, data])
      for (;;) {
        const end = buffer.indexOf("\r\n\r\n")
        if (end < 0) return
        const length = Number(/Content-Length: (\d+)/.exec(buffer.subarray(0, end).toString())[1])
        if (buffer.length < end + 4 + length) return
        const message = JSON.parse(buffer.subarray(end + 4, end + 4 + length).toString())
        buffer = buffer.subarray(end + 4 + length)
        this.#hear(message)
      }
    })
  }

  #hear(message) {
    if (message.method === "experimental/serverStatus" && message.params.quiescent) {
      this.#ready(message.params)
    }
    if (message.method && message.id !== undefined) {
      // What the server asks for has no answer here.
      this.#send({ jsonrpc: "2.0", id: message.id, result: null })
    } else if (message.id !== undefined) {
      this.#answers.get(message.id)?.(message)
      this.#answers.delete(message.id)
    }
  }

  #send(message) {
    const text = JSON.stringify(message)
    this.#server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }

  notify(method, params) {
    this.#send({ jsonrpc: "2.0", method, params })
  }

  /// The result of a request; of one that is refused, the words.
  async request(method, params) {
    for (;;) {
      const id = this.#next++
      const answer = await new Promise((answer) => {
        this.#answers.set(id, answer)
        this.#send({ jsonrpc: "2.0", id, method, params })
      })
      // Content modified: what was asked about has changed meanwhile.
      if (answer.error?.code === -32801) continue
      return answer.error ? { refused: answer.error.message } : answer.result
    }
  }

  /// Opens a program, in which `$0` is the cursor, and gives the position for requests.
  open(program) {
    const at = program.indexOf("$0")
    if (at < 0) throw new Error(`no cursor in ${program}`)
    this.text = program.replace("$0", "")
    this.notify("textDocument/didChange", {
      textDocument: { uri: this.uri, version: ++this.#version },
      contentChanges: [{ text: this.text }],
    })
    const before = program.slice(0, at).split("\n")
    const position = { line: before.length - 1, character: before.at(-1).length }
    return { textDocument: { uri: this.uri }, position }
  }

  async completion(program) {
    const found = await this.request("textDocument/completion", this.open(program))
    return (found?.items ?? found ?? []).map((item) => item.label)
  }

  async hover(program) {
    const found = await this.request("textDocument/hover", this.open(program))
    return found?.contents?.value ?? ""
  }

  /// The lines that the definitions are on, of this file or another, each once.
  async definition(program) {
    const found = await this.request("textDocument/definition", this.open(program))
    const lines = [found ?? []].flat().map((place) => {
      const uri = place.targetUri ?? place.uri
      const line = (place.targetSelectionRange ?? place.range).start.line
      const text = uri === this.uri ? this.text : readFileSync(new URL(uri), "utf8")
      return text.split("\n")[line].trim()
    })
    return [...new Set(lines)]
  }

  /// The program after a rename, or why it is refused.
  async rename(program, newName) {
    const found = await this.request("textDocument/rename", { ...this.open(program), newName })
    if (!found || found.refused) return `refused: ${found?.refused}`
    const edits = found.changes?.[this.uri] ?? found.documentChanges.flatMap((it) => it.edits)
    const lines = this.text.split("\n")
    const offset = ({ line, character }) =>
      lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, character)
    const last = edits.toSorted((a, b) => offset(b.range.start) - offset(a.range.start))
    return last.reduce(
      (text, { range, newText }) =>
        text.slice(0, offset(range.start)) + newText + text.slice(offset(range.end)),
      this.text,
    )
  }

  async stop() {
    await this.request("shutdown", null)
    this.notify("exit", null)
  }
}
