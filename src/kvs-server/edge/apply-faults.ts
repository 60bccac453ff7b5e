// Applies fault rules to the body of an answer. Each fault wraps the body once more, so faults add up.
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { sleep } from '../../lib/clock.js'
import { buildTagsDocument } from '../../media/matroska/muxer.js'
import type { Fault } from '../faults/fault-rule.js'
import { AwsException } from '../wire/aws-exception.js'
import type { MediaAnswer } from '../wire/operation.js'
import type { Exchange } from './exchange.js'

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
      return { ...answer, body: corruptAt(answer, fault) }
    case 'mediaException':
      return answer.contentType === 'video/webm' ? { ...answer, body: tellException(answer.body, fault) } : answer
    default:
      return answer
  }
}

/** Replaces the media by the exception, in the undocumented form that was observed on AWS. */
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
  // An empty chunk first: the headers are then sent, and the cut is a broken transfer instead of an error response.
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

function corruptAt({ body, sizeBytes }: MediaAnswer, { offset, length }: Corruption): AsyncGenerator<Uint8Array> {
  if (offset < 0 && sizeBytes === null) return corruptEnd(body, { offset, length })
  return corrupt(body, { offset: offset < 0 ? Number(sizeBytes) + offset : offset, length })
}

/** For a body of unknown length: holds back the bytes that may be corrupted. */
async function* corruptEnd(body: AsyncIterable<Uint8Array>, { offset, length }: Corruption): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0)
  for await (const chunk of body) {
    const bytes = Buffer.concat([held, chunk])
    held = bytes.subarray(Math.max(0, bytes.length + offset))
    yield bytes.subarray(0, bytes.length - held.length)
  }
  const from = Math.max(0, held.length + offset)
  yield flip(held, from, from + length)
}

async function* corrupt(body: AsyncIterable<Uint8Array>, { offset, length }: Corruption): AsyncGenerator<Uint8Array> {
  let position = 0
  for await (const chunk of body) {
    const [from, to] = [offset - position, offset + length - position]
    position += chunk.byteLength
    if (to <= 0 || from >= chunk.byteLength) yield chunk
    else yield flip(chunk, from, to)
  }
}

function flip(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return bytes.map((byte, index) => (index >= from && index < to ? byte ^ 0xff : byte))
}

/** Applies the faults that act before the response: first the delays, then the first refusal. Returns whether a fault was the response. */
export async function applyBeforeAnswer(exchange: Exchange, faults: readonly Fault[]): Promise<boolean> {
  const delayMs = faults.reduce((sum, fault) => sum + (fault.kind === 'delay' ? fault.ms : 0), 0)
  if (delayMs > 0) await sleep(delayMs, exchange.call.signal)
  return faults.some((fault) => answerBy(fault, exchange))
}

function answerBy(fault: Fault, { request, response, call }: Exchange): boolean {
  switch (fault.kind) {
    case 'throttle':
      throw new AwsException('ClientLimitExceededException', 'Rate exceeded, by a fault rule')
    case 'exception':
      throw new AwsException({ name: fault.name, status: fault.status }, fault.message)
    case 'status':
      response.writeHead(fault.status, { 'x-amzn-RequestId': call.requestId, 'content-length': 0 }).end()
      return true
    case 'refuse':
      // A reset, not an orderly end: to clients it looks like a crashed or missing server.
      request.socket.resetAndDestroy?.()
      request.destroy()
      return true
    default:
      return false
  }
}

/** Applies fault rules to an upload (cut, stall, slow, corrupt). Returns the upload itself if there are none. */
export function faultyUpload(upload: IncomingMessage, faults: readonly Fault[], signal: AbortSignal): Readable {
  // 'endless' applies to the answer, not to the upload.
  const spoiling = faults.filter((fault) => spoilsBody(fault) && fault.kind !== 'endless')
  if (spoiling.length === 0) return upload
  const { socket } = upload
  const { body } = spoilAnswer({ contentType: '', sizeBytes: null, body: upload }, spoiling, signal)
  return Readable.from(
    cutConnectionOnFailure(body, () => socket.destroy()),
    { objectMode: false },
  )
}

// Cut the connection before the failure is reported: the producer must not get a success.
async function* cutConnectionOnFailure(body: AsyncIterable<Uint8Array>, cutConnection: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    cutConnection()
    throw error
  }
}
