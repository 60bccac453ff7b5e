import { GatewayError } from '../domain/errors.js'

const EVENT_TYPES = ['BUFFERING', 'RECEIVED', 'PERSISTED', 'ERROR', 'IDLE'] as const

/** A message of PutMedia about a fragment while the upload runs (kvs facts, 4.1). */
export interface Acknowledgement {
  readonly eventType: (typeof EVENT_TYPES)[number]
  /** The timecode of the Cluster, as the producer sent it. IDLE has none. */
  readonly fragmentTimecodeMs: number | null
  readonly fragmentNumber: string | null
  readonly errorId: number | null
  readonly errorCode: string | null
}

/** Longer than every acknowledgement. Limits the memory of an incomplete one. */
const MAX_PENDING_CHARACTERS = 8_192

/** Parses a stream of flat JSON objects from chunks of any size. Ignores unknown event types. */
export class AcknowledgementParser {
  readonly #decoder = new TextDecoder()
  #pending = ''

  /** @throws GatewayError for malformed input */
  push(chunk: Uint8Array): Acknowledgement[] {
    this.#pending += this.#decoder.decode(chunk, { stream: true })
    const acknowledgements: Acknowledgement[] = []
    for (let end = findEnd(this.#pending); end !== -1; end = findEnd(this.#pending)) {
      const acknowledgement = parseAcknowledgement(this.#pending.slice(0, end))
      if (acknowledgement !== null) acknowledgements.push(acknowledgement)
      this.#pending = this.#pending.slice(end)
    }
    if (this.#pending.length > MAX_PENDING_CHARACTERS) throw malformed('an acknowledgement without an end')
    return acknowledgements
  }
}

/** The index after the closing brace of the first object, or -1 if it is incomplete. Ignores braces inside strings. */
function findEnd(text: string): number {
  let isInString = false
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (isInString && character === '\\') index += 1
    else if (character === '"') isInString = !isInString
    else if (character === '}' && !isInString) return index + 1
  }
  return -1
}

function parseAcknowledgement(text: string): Acknowledgement | null {
  const fields = parseObject(text)
  const eventType = EVENT_TYPES.find((type) => type === fields.EventType)
  if (eventType === undefined) return null
  return {
    eventType,
    fragmentTimecodeMs: toInteger(fields.FragmentTimecode),
    // AWS documents a number, but sends a string.
    fragmentNumber: typeof fields.FragmentNumber === 'string' ? fields.FragmentNumber.slice(0, 128) : null,
    errorId: toInteger(fields.ErrorId),
    errorCode: typeof fields.ErrorCode === 'string' ? fields.ErrorCode.slice(0, 128) : null,
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch (cause) {
    throw malformed('an acknowledgement that is not JSON', cause)
  }
}

function toInteger(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('KVS_UNAVAILABLE', `Kinesis Video answered PutMedia with ${what}.`, {}, { cause })
}
