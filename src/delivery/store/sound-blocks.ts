import { fstatSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/** A disk that goes bad changes no timestamp: what was found sound longer ago is checked again. */
const SOUND_FOR_MS = 10_000
/** Timestamps of files have coarse steps: a change right after another may carry the same one. */
const SETTLED_MS = 1_000

/**
 * Which blocks of a file were checked a moment ago and cannot have changed since: whoever writes to a file changes its ctime. A clip that
 * many read at once is checked once for all of them (measured: a fifth of what serving it costs).
 */
export class SoundBlocks {
  readonly #file: FileHandle
  readonly #blocks = new Set<number>()
  #sinceMs = 0
  #changedNs: bigint | null = null
  #state = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** What is known now: a block that was read before something was forgotten is not added after it. */
  get state(): number {
    return this.#state
  }

  /** Forgets what may have changed. To be called for each reading, behind it. */
  look(): void {
    const nowMs = performance.now()
    // The kernel knows this of an open file by heart: to hand the question to a thread takes ten times as long as the answer.
    const { ctimeNs, ctimeMs } = fstatSync(this.#file.fd, { bigint: true })
    const isSettled = Date.now() - Number(ctimeMs) > SETTLED_MS
    if (!isSettled || ctimeNs !== this.#changedNs || nowMs - this.#sinceMs > SOUND_FOR_MS) this.#startAnew(nowMs)
    this.#changedNs = isSettled ? ctimeNs : null
  }

  has(block: number): boolean {
    return this.#blocks.has(block)
  }

  /** `state`: that of the time before the block was read. */
  add(block: number, state: number): void {
    if (state === this.#state && this.#changedNs !== null) this.#blocks.add(block)
  }

  #startAnew(nowMs: number): void {
    this.#blocks.clear()
    this.#state += 1
    this.#sinceMs = nowMs
  }
}
