const REDRAW_MS = 200

/** A progress line on a terminal. Prints nothing elsewhere. */
export class ProgressLine {
  #drawnAtMs = 0
  #text = ''

  constructor(private readonly out: NodeJS.WriteStream) {}

  show(text: string): void {
    this.#text = text
    const nowMs = performance.now()
    if (!this.out.isTTY || nowMs - this.#drawnAtMs < REDRAW_MS) return
    this.#drawnAtMs = nowMs
    this.#draw(text)
  }

  above(line: string): void {
    this.clear()
    this.out.write(`${line}\n`)
    if (this.out.isTTY) this.#draw(this.#text)
  }

  clear(): void {
    if (this.out.isTTY) this.#draw('')
  }

  #draw(text: string): void {
    this.out.write(`\r\u001b[K${text}`)
  }
}
