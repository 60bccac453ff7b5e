import { GatewayError } from '../domain/errors.js'

/** Maximum size of one response as JSON. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Maximum size of all responses that are being built or sent. In memory, a response is several times as large as its JSON. */
const MAX_TOTAL_BYTES = 4 * MAX_ANSWER_BYTES
const RETRY_AFTER_MS = 1000

/** The total size of the responses of the process. */
export class AnswerMemory {
  #bytes = 0

  constructor(private readonly maxBytes: number = MAX_TOTAL_BYTES) {}

  get bytes(): number {
    return this.#bytes
  }

  get isFull(): boolean {
    return this.#bytes > this.maxBytes
  }

  change(bytes: number): void {
    this.#bytes += bytes
  }
}

export interface AnswerList {
  readonly path: string
  bytes: number
}

/** Counts the bytes of one response while it is built, and stops it when it becomes too large. */
export class AnswerBytes {
  readonly #lists = new Map<string, AnswerList>()
  #bytes = 0
  #current: AnswerList = OUTSIDE
  #refusal: GatewayError | null = null
  readonly #stop = new AbortController()
  #isReleased = false

  constructor(
    private readonly memory: AnswerMemory,
    private readonly maxBytes: number = MAX_ANSWER_BYTES,
  ) {}

  /** Why the response was stopped. Null if it was not. */
  get refusal(): GatewayError | null {
    return this.#refusal
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Returns the list at a path without indices. All lists at the same path count as one. */
  listAt(path: string): AnswerList {
    const known = this.#lists.get(path)
    if (known) return known
    const list = { path, bytes: 0 }
    this.#lists.set(path, list)
    return list
  }

  /** Bytes that are added from now on belong to this list. */
  enter(list: AnswerList): void {
    this.#current = list
  }

  /** @throws GatewayError when this response, or the total of all responses, is too large */
  add(bytes: number): void {
    if (this.#isReleased) return
    this.#bytes += bytes
    this.#current.bytes += bytes
    this.memory.change(bytes)
    if (this.#bytes > this.maxBytes) throw this.#refuse(toTooLarge(this.maxBytes, this.#largest()))
    if (this.memory.isFull) throw this.#refuse(toBusy())
  }

  /** Starts the next result of a subscription. */
  restart(): void {
    this.memory.change(-this.#bytes)
    this.#bytes = 0
    this.#lists.clear()
    this.#current = OUTSIDE
  }

  /** The response is sent, or the client has disconnected. */
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

/** For fields outside lists. Never reported as the largest, because single objects are small. */
const OUTSIDE: AnswerList = { path: '', bytes: 0 }

function toTooLarge(maxBytes: number, largest: AnswerList | null): GatewayError {
  const limit = `The response is larger than the limit of ${maxBytes} bytes.`
  if (largest === null) return new GatewayError('BAD_USER_INPUT', `${limit} Select fewer fields.`)
  const text = `${limit} Its largest field is ${largest.path}, with ${largest.bytes} bytes so far. Request a shorter range, fewer items or fewer fields there.`
  return new GatewayError('BAD_USER_INPUT', text)
}

function toBusy(): GatewayError {
  const text = 'The gateway is building too many large responses at the same time. Retry later, or request less.'
  return new GatewayError('RATE_LIMITED', text, { retryAfterMs: RETRY_AFTER_MS })
}
