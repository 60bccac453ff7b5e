/**
 * Gives long pieces of work a turn of the event loop each, so that other work comes between them. What ends a piece of work (`soon`)
 * comes before what begins another (`later`): so that few results wait in memory at a time.
 */
export class Turns {
  readonly #soon: (() => void)[] = []
  readonly #later: (() => void)[] = []

  soon(): Promise<void> {
    return this.#enter(this.#soon)
  }

  later(): Promise<void> {
    return this.#enter(this.#later)
  }

  #enter(queue: (() => void)[]): Promise<void> {
    if (this.#soon.length + this.#later.length === 0) setImmediate(() => this.#give())
    return new Promise((resolve) => queue.push(resolve))
  }

  #give(): void {
    const next = this.#soon.shift() ?? this.#later.shift()
    next?.()
    if (this.#soon.length + this.#later.length > 0) setImmediate(() => this.#give())
  }
}

/** Of the process: it has one event loop. */
export const turns = new Turns()
