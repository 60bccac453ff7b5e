import { GatewayError } from '../domain/errors.js'

/** The most that one answer may have, as JSON. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Of all answers of the process that are being built, or wait to be read. In memory an answer is several times as large as on the wire. */
const MAX_TOTAL_BYTES = 4 * MAX_ANSWER_BYTES
const RETRY_AFTER_MS = 1000

/** What the answers of a process take together. */
export class AnswerMemory {
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number = MAX_TOTAL_BYTES) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get isFull(): boolean {
    return this.#bytes > this.#maxBytes
  }

  change(bytes: number): void {
    this.#bytes += bytes
  }
}

/** A list of an answer, and what it takes. */
export interface AnswerList {
  readonly path: string
  bytes: number
}

/** Counts the bytes of one answer while it is built, and stops it when they are too many. */
export class AnswerBytes {
  readonly #memory: AnswerMemory
  readonly #maxBytes: number
  readonly #lists = new Map<string, AnswerList>()
  #bytes = 0
  #current: AnswerList = OUTSIDE
  #refusal: GatewayError | null = null
  readonly #stop = new AbortController()
  #isReleased = false

  constructor(memory: AnswerMemory, maxBytes: number = MAX_ANSWER_BYTES) {
    this.#memory = memory
    this.#maxBytes = maxBytes
  }

  /** Why the answer was stopped. Null while it may go on. */
  get refusal(): GatewayError | null {
    return this.#refusal
  }

  /** Aborted when the answer is stopped: what is still under way for it is of no use. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** The list at a path, whose indices are left out: all lists there count as one. */
  listAt(path: string): AnswerList {
    const known = this.#lists.get(path)
    if (known) return known
    const list = { path, bytes: 0 }
    this.#lists.set(path, list)
    return list
  }

  /** What is added from now on belongs to this list. */
  enter(list: AnswerList): void {
    this.#current = list
  }

  /** @throws GatewayError when the answer, or all answers of the process, are too large */
  add(bytes: number): void {
    if (this.#isReleased) return
    this.#bytes += bytes
    this.#current.bytes += bytes
    this.#memory.change(bytes)
    if (this.#bytes > this.#maxBytes) throw this.#refuse(toTooLarge(this.#maxBytes, this.#largest()))
    if (this.#memory.isFull) throw this.#refuse(toBusy())
  }

  /** For the next answer of a subscription that goes on. */
  restart(): void {
    this.#memory.change(-this.#bytes)
    this.#bytes = 0
    this.#lists.clear()
    this.#current = OUTSIDE
  }

  /** The answer has been read, or nobody will read it. */
  release(): void {
    this.restart()
    this.#isReleased = true
  }

  #refuse(refusal: GatewayError): GatewayError {
    this.#refusal = refusal
    this.#stop.abort(refusal)
    return refusal
  }

  #largest(): AnswerList | null {
    return [...this.#lists.values()].reduce<AnswerList | null>((most, list) => (list.bytes > (most?.bytes ?? 0) ? list : most), null)
  }
}

/** What belongs to no list is never the largest: single objects are small. */
const OUTSIDE: AnswerList = { path: '', bytes: 0 }

function toTooLarge(maxBytes: number, largest: AnswerList | null): GatewayError {
  const most = `An answer may have ${maxBytes} bytes, and this one would have more.`
  if (largest === null) return new GatewayError('BAD_USER_INPUT', `${most} Ask for fewer fields.`)
  const text = `${most} Its largest field is ${largest.path}, which had ${largest.bytes} bytes so far. Ask for a shorter range, fewer items or fewer fields there.`
  return new GatewayError('BAD_USER_INPUT', text)
}

function toBusy(): GatewayError {
  const text = 'The gateway is building as many large answers as it has memory for. Ask again in a moment, or for less.'
  return new GatewayError('RATE_LIMITED', text, { retryAfterMs: RETRY_AFTER_MS })
}
