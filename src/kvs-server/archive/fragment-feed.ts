import type { ArchivedFragment } from './archived-fragment.js'

type Listener = (fragment: ArchivedFragment) => void

/** Notifies live readers of a stream of each fragment as soon as it can be read. */
export class FragmentFeed {
  readonly #listeners = new Map<number, Set<Listener>>()

  /** The answer ends the subscription. */
  watch(streamId: number, listener: Listener): () => void {
    const listeners = this.#listeners.get(streamId) ?? new Set()
    this.#listeners.set(streamId, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(streamId) === listeners) this.#listeners.delete(streamId)
    }
  }

  tell(fragment: ArchivedFragment): void {
    for (const listener of this.#listeners.get(fragment.streamId) ?? []) listener(fragment)
  }
}
