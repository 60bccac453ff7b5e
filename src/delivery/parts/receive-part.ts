import { setImmediate } from 'node:timers/promises'
import { orAborted } from '../../lib/clock.js'
import type { BlobStore, PartBody, PartFetch, Spool, SpooledBlob } from '../ports.js'
import { OpenedBlob } from './opened-blob.js'
import { PartBroken } from './part-broken.js'
import { pumpPart } from './part-pump.js'

export interface ReceivePartOptions {
  readonly blobs: BlobStore
  readonly spool: Spool
  readonly maxPartBytes: number
  /** How long a source may be silent while its part arrives. */
  readonly idleTimeoutMs: number
  readonly stop: AbortController
  readonly onProblem: (message: string, error: unknown) => void
}

/** Receives a part into the spool, and stores it. Resolves when the source has begun to send. */
export async function receivePart(key: string, fetch: PartFetch, options: ReceivePartOptions): Promise<OpenedBlob> {
  const { stop, maxPartBytes } = options
  const creating = createSpooled(key, options)
  try {
    // A source that is stuck may never answer, even if it is aborted.
    const [body, spooled] = await Promise.all([orAborted(fetch(stop.signal), stop.signal), creating])
    if (body.sizeBytes !== null && body.sizeBytes > maxPartBytes)
      throw new PartBroken('TOO_LARGE', `a part has at most ${maxPartBytes} bytes, not ${body.sizeBytes}`)
    await spooled.announce(body.sizeBytes)
    return new OpenedBlob(spooled.readable, receive(key, body, { ...options, spooled }), stop)
  } catch (error) {
    // Frees the source: aborting is the only way to end a body without a reader.
    stop.abort(error)
    const spooled = await creating.catch(() => null)
    await spooled?.readable.close()
    await spooled?.discard()
    throw error
  }
}

/** The file is created while the source is called. A turn later, because the source takes longer. */
async function createSpooled(key: string, { spool }: ReceivePartOptions): Promise<SpooledBlob> {
  await setImmediate()
  return spool.create(key)
}

/** Never rejects. The readers of the blob get the error of the source. */
async function receive(
  key: string,
  body: PartBody,
  { blobs, spooled, maxPartBytes, idleTimeoutMs, stop, onProblem }: ReceivePartOptions & { readonly spooled: SpooledBlob },
): Promise<void> {
  const storing = blobs.put(key, spooled)
  storing.catch(() => null)
  try {
    await pumpPart(body, (chunks) => spooled.append(chunks), { maxBytes: maxPartBytes, idleTimeoutMs, signal: stop.signal })
    spooled.end()
  } catch (error) {
    spooled.fail(error)
    stop.abort(error)
    await spooled.discard()
    return
  }
  try {
    // Readers have every byte by now, and do not wait for this.
    await storing
  } catch (error) {
    onProblem('a part could not be stored; it will be fetched again', error)
    await spooled.discard()
  }
}
