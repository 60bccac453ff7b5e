import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Fault } from '../faults/fault-rule.js'
import { spoilAnswer, spoilsBody } from './faulted-answer.js'

/** An upload as fault rules spoil it on its way in (cut, stalled, slowed, corrupted); the upload itself where none does. */
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
