/** Counts the downloads of each client that run at the same time. */
export class DownloadSlots {
  readonly #running = new Map<string, number>()

  constructor(readonly max: number) {}

  /** Returns the function that frees the slot, or null if the client has none left. */
  take(client: string): (() => void) | null {
    const running = this.#running.get(client) ?? 0
    if (running >= this.max) return null
    this.#running.set(client, running + 1)
    return () => {
      const left = (this.#running.get(client) ?? 1) - 1
      if (left === 0) this.#running.delete(client)
      else this.#running.set(client, left)
    }
  }
}
