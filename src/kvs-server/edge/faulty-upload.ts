import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Fault } from '../fault-rule.js'
import { spoilAnswer, spoilsBody } from './faulted-answer.js'

/** An upload as fault rules spoil it on its way in (cut, stalled, slowed, corrupted); the upload itself where none does. */
export function faultyUpload(upload: IncomingMessage, faults: readonly Fault[], signal: AbortSignal): Readable {
  if (!faults.some(spoilsBody)) return upload
  const { socket } = upload
  const { body } = spoilAnswer({ contentType: '', sizeBytes: null, body: upload }, faults, signal)
  // A cut is one of the connection: its producer is not told that all went well.
  return Readable.from(body, { objectMode: false }).once('error', () => socket.destroy())
}
