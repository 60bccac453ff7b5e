import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { AwsException } from '../wire/aws-exception.js'
import { DISCONTINUITY_MODES, FRAGMENT_CLOCKS, type HlsSession, PLAYBACK_MODES } from './hls-session.js'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Tokens of the service end with it. */
const END = '~'
const NONE = '-'

/** Session tokens, sealed with a key of this process. A restart ends the sessions. */
export class SessionTokens {
  readonly #key = randomBytes(32)

  seal(session: HlsSession): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce)
    const text = Buffer.concat([cipher.update(write(session), 'utf8'), cipher.final()])
    return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url') + END
  }

  /** @throws AwsException (403) for a token that was not sealed here, or whose session has expired */
  open(token: string, now: EpochMs): HlsSession {
    const text = this.#decrypt(token)
    const session = text === null ? null : read(text)
    if (session === null) throw new AwsException('UnrecognizedClientException', 'Streaming session token is invalid')
    if (session.expiresAtMs <= now) throw new AwsException('ExpiredTokenException', 'Streaming session token is expired')
    return session
  }

  #decrypt(token: string): string | null {
    const bytes = Buffer.from(token, 'base64url')
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return null
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
    } catch {
      // GCM only reports that the bytes are not a sealed token.
      return null
    }
  }
}

function write(session: HlsSession): string {
  const { id, mode, clock, discontinuityMode, codecs, endMs, showsTimestamps } = session
  const { streamId, startMs, firstSequence, maxFragments, createdAtMs, expiresAtMs, originMs } = session
  const words = [id, mode, clock, discontinuityMode, codecs, endMs ?? NONE, showsTimestamps]
  return [...words, streamId, startMs, firstSequence, maxFragments, createdAtMs, expiresAtMs, originMs].join(' ')
}

function read(text: string): HlsSession | null {
  const [id = '', modeName, clockName, discontinuityName, codecs = '', end, showsTimestamps, ...numbers] = text.split(' ')
  const mode = PLAYBACK_MODES.find((known) => known === modeName)
  const clock = FRAGMENT_CLOCKS.find((known) => known === clockName)
  const discontinuityMode = DISCONTINUITY_MODES.find((known) => known === discontinuityName)
  if (mode === undefined || clock === undefined || discontinuityMode === undefined) return null
  // In the order in which `write` has them.
  const numberAt = (index: number) => Number(at(numbers, index))
  return {
    ...{ id, mode, clock, discontinuityMode, codecs },
    endMs: end === NONE ? null : Number(end),
    showsTimestamps: showsTimestamps === 'true',
    streamId: numberAt(0),
    startMs: numberAt(1),
    firstSequence: numberAt(2),
    maxFragments: numberAt(3),
    createdAtMs: numberAt(4),
    expiresAtMs: numberAt(5),
    originMs: numberAt(6),
  }
}
