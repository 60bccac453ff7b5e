import type { SpanContext } from '@opentelemetry/api'
import { findSpanContext, linkSpan } from './tracing.js'

export interface Hold<Value> {
  readonly value: Value
  readonly isNew: boolean
  /** May be called more than once. */
  release(): void
}

/** Values by key: each is created once however many hold it, and closed when the last holder releases it. */
export class HeldValues<Value extends { close(): void }> {
  readonly #entries = new Map<string, { readonly value: Value; readonly span: SpanContext | null; holders: number }>()

  get values(): readonly Value[] {
    return [...this.#entries.values()].map(({ value }) => value)
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value
  }

  hold(key: string, create: () => Value): Hold<Value> {
    const known = this.#entries.get(key)
    const entry = known ?? { value: create(), span: findSpanContext(), holders: 0 }
    if (known) linkSpan(known.span)
    this.#entries.set(key, entry)
    entry.holders += 1
    let isReleased = false
    const release = () => {
      if (isReleased) return
      isReleased = true
      entry.holders -= 1
      if (entry.holders > 0) return
      this.forget(key, entry.value)
      entry.value.close()
    }
    return { value: entry.value, isNew: known === undefined, release }
  }

  /** The value stays with its holders. The next hold creates another one. */
  forget(key: string, value: Value | undefined = this.get(key)): void {
    if (this.get(key) === value) this.#entries.delete(key)
  }
}
