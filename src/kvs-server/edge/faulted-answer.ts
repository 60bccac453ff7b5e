// Applies fault rules to the body of an answer. Each fault wraps the body once more, so faults add up.
import { setTimeout as delay } from 'node:timers/promises'
import { buildTagsDocument } from '../../media/matroska/muxer.js'
import type { Fault } from '../faults/fault-rule.js'
import type { MediaAnswer } from '../operation.js'

/** The content type of GetMedia and GetMediaForFragmentList. */
const MATROSKA = 'video/webm'
const FILLER = new Uint8Array(64 * 1024)
const FILLER_PAUSE_MS = 20
const SLOW_STEPS_PER_SECOND = 10

export function spoilAnswer(answer: MediaAnswer, faults: readonly Fault[], signal: AbortSignal): MediaAnswer {
  return faults.reduce((spoilt, fault) => applyFault(spoilt, fault, signal), answer)
}

export function spoilsBody({ kind }: Fault): boolean {
  return ['cut', 'stall', 'endless', 'slow', 'wrongLength', 'corrupt', 'mediaException'].includes(kind)
}

function applyFault(answer: MediaAnswer, fault: Fault, signal: AbortSignal): MediaAnswer {
  const { body, sizeBytes } = answer
  switch (fault.kind) {
    case 'cut':
      return { ...answer, body: cut(body, fault.afterBytes) }
    case 'stall':
      return { ...answer, body: stall(body, fault.afterBytes, signal) }
    case 'endless':
      return { ...answer, sizeBytes: null, body: goOn(body, signal) }
    case 'slow':
      return { ...answer, body: slow(body, fault.bytesPerSecond, signal) }
    case 'wrongLength':
      return { ...answer, sizeBytes: sizeBytes === null ? null : Math.max(0, sizeBytes + fault.extraBytes) }
    case 'corrupt':
      return { ...answer, body: corruptWhereAsked(answer, fault) }
    case 'mediaException':
      return answer.contentType === MATROSKA ? { ...answer, body: tellException(answer.body, fault) } : answer
    default:
      return answer
  }
}

/** The exception in the form that is in no document of AWS's, in the place of the media. */
async function* tellException(
  body: AsyncIterable<Uint8Array>,
  { code, errorId }: { readonly code: string; readonly errorId: string },
): AsyncGenerator<Uint8Array> {
  // The body must be started: only then does its end release the connection that the quotas count.
  for await (const _ of body) break
  yield buildTagsDocument([
    { name: 'AWS_KINESISVIDEO_ERROR_CODE', value: code },
    { name: 'AWS_KINESISVIDEO_ERROR_ID', value: errorId },
  ])
}

async function* firstBytes(body: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count
  if (left === 0) return
  for await (const chunk of body) {
    yield chunk.subarray(0, left)
    left -= Math.min(left, chunk.byteLength)
    if (left === 0) return
  }
}

async function* cut(body: AsyncIterable<Uint8Array>, afterBytes: number): AsyncGenerator<Uint8Array> {
  // An empty chunk first: the headers are then out, and the cut is a broken transfer rather than an error answer.
  yield new Uint8Array(0)
  yield* firstBytes(body, afterBytes)
  // The sender then cuts the connection.
  throw new Error('a fault rule cut the body')
}

async function* stall(body: AsyncIterable<Uint8Array>, afterBytes: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* firstBytes(body, afterBytes)
  await delay(2 ** 31 - 1, undefined, { signal })
}

async function* goOn(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* body
  for (;;) {
    await delay(FILLER_PAUSE_MS, undefined, { signal })
    yield FILLER
  }
}

async function* slow(body: AsyncIterable<Uint8Array>, bytesPerSecond: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const step = Math.max(1, Math.floor(bytesPerSecond / SLOW_STEPS_PER_SECOND))
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength; at += step) {
      const part = chunk.subarray(at, at + step)
      await delay((part.byteLength / bytesPerSecond) * 1000, undefined, { signal })
      yield part
    }
  }
}

interface Corruption {
  readonly offset: number
  readonly length: number
}

function corruptWhereAsked({ body, sizeBytes }: MediaAnswer, { offset, length }: Corruption): AsyncGenerator<Uint8Array> {
  if (offset >= 0) return corrupt(body, { offset, length })
  return sizeBytes === null ? corruptEnd(body, { offset, length }) : corrupt(body, { offset: sizeBytes + offset, length })
}

/** For a body of unknown length: holds back the bytes that may have to change. */
async function* corruptEnd(body: AsyncIterable<Uint8Array>, { offset, length }: Corruption): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0)
  for await (const chunk of body) {
    const bytes = Buffer.concat([held, chunk])
    held = bytes.subarray(Math.max(0, bytes.length + offset))
    yield bytes.subarray(0, bytes.length - held.length)
  }
  const from = Math.max(0, held.length + offset)
  yield held.map((byte, index) => (index >= from && index < from + length ? byte ^ 0xff : byte))
}

async function* corrupt(body: AsyncIterable<Uint8Array>, { offset, length }: Corruption): AsyncGenerator<Uint8Array> {
  let position = 0
  for await (const chunk of body) {
    const [from, to] = [offset - position, offset + length - position]
    position += chunk.byteLength
    if (to <= 0 || from >= chunk.byteLength) yield chunk
    else yield chunk.map((byte, index) => (index >= from && index < to ? byte ^ 0xff : byte))
  }
}
