import { Readable } from 'node:stream'
import type { Fault } from '../fault-rule.js'
import { spoilAnswer, spoilsBody } from './faulted-answer.js'

/** An upload as fault rules spoil it on its way in (cut, stalled, slowed, corrupted); the upload itself where none does. */
export function faultyUpload(upload: Readable, faults: readonly Fault[], signal: AbortSignal): Readable {
  if (!faults.some(spoilsBody)) return upload
  const { body } = spoilAnswer({ contentType: '', sizeBytes: null, body: upload }, faults, signal)
  return Readable.from(body, { objectMode: false })
}
