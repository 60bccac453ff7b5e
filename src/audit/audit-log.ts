import { type Clock, systemClock } from '../lib/clock.js'
import { type ChainEnd, toNextLine } from './audit-chain.js'
import type { AuditEvent } from './audit-event.js'
import type { AuditSink } from './audit-file.js'
import type { AuditSigner, SignedEnd } from './audit-signer.js'

export interface AuditLogOptions {
  readonly sink: AuditSink
  readonly signer: Pick<AuditSigner, 'sign'>
  /** Called every minute in which lines were written, and at the end. The ordinary log keeps what it gets. */
  readonly onSigned: (end: SignedEnd) => void
  /** Called when lines cannot be written, at most once a minute. They are kept and written later. */
  readonly onProblem: (error: unknown) => void
  readonly clock?: Clock
  readonly signEveryMs?: number
  readonly retryAfterMs?: number
}

const SIGN_EVERY_MS = 60_000
const RETRY_AFTER_MS = 1000
const PROBLEM_EVERY_MS = 60_000
/** Events that wait for a full disk. Later ones are counted, and the log says how many it lacks. */
const MAX_WAITING = 10_000
const BATCH = 500

/** One line of JSON for each event. Each line holds the hash of the one before it, so that a changed, removed or inserted line is found. */
export class AuditLog implements AsyncDisposable {
  readonly #options: AuditLogOptions
  readonly #clock: Clock
  readonly #timer: NodeJS.Timeout
  #end: ChainEnd
  #signed: ChainEnd
  #waiting: { readonly at: string; readonly event: object }[] = []
  #lost = 0
  #writing: Promise<void> | null = null
  #problemAtMs = Number.NEGATIVE_INFINITY
  #isClosing = false

  constructor(options: AuditLogOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#end = options.sink.end
    this.#signed = this.#end
    this.#timer = setInterval(() => void this.#sign(), options.signEveryMs ?? SIGN_EVERY_MS).unref()
  }

  record(event: AuditEvent): void {
    if (this.#waiting.length >= MAX_WAITING) this.#lost += 1
    else this.#waiting.push({ at: this.#now(), event })
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
    })
  }

  /** Writes and signs what waits. Reports what cannot be written any more. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#timer)
    await this.#writing
    const lost = this.#waiting.length + this.#lost
    if (lost > 0) this.#options.onProblem(new Error(`${lost} lines of the audit log were not written and are lost`))
    await this.#sign()
    await this.#options.sink.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (await this.#append()) continue
      if (this.#isClosing) return
      await new Promise((resolve) => setTimeout(resolve, this.#options.retryAfterMs ?? RETRY_AFTER_MS))
    }
  }

  /** False if the sink did not take the lines. The chain then ends where it ended before. */
  async #append(): Promise<boolean> {
    const lost = this.#lost
    const batch = this.#waiting.slice(0, BATCH)
    const last = lost > 0 && batch.length === this.#waiting.length ? [{ at: this.#now(), event: { event: 'audit.lost', count: lost } }] : []
    let end = this.#end
    let text = ''
    for (const { at, event } of [...batch, ...last]) {
      const next = toNextLine(end, at, event)
      end = next.end
      text += `${next.line}\n`
    }
    try {
      await this.#options.sink.append(text)
    } catch (error) {
      this.#report(error)
      return false
    }
    this.#end = end
    this.#waiting = this.#waiting.slice(batch.length)
    if (last.length > 0) this.#lost -= lost
    return true
  }

  async #sign(): Promise<void> {
    const end = this.#end
    if (end.hash === this.#signed.hash) return
    try {
      await this.#options.sink.sync()
    } catch (error) {
      this.#report(error)
    }
    this.#signed = end
    this.#options.onSigned(this.#options.signer.sign(end))
  }

  #report(error: unknown): void {
    const nowMs = performance.now()
    if (nowMs - this.#problemAtMs < PROBLEM_EVERY_MS) return
    this.#problemAtMs = nowMs
    this.#options.onProblem(error)
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString()
  }
}
