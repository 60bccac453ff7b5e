import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { EpochMs } from '../../lib/clock.js'
import { AwsException } from '../wire/aws-exception.js'
import type { HlsSession } from './hls-session.js'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Tokens of the service end with it. */
const END = '~'

/** Session tokens, sealed with a key of this process. A restart ends the sessions. */
export class SessionTokens {
  readonly #key = randomBytes(32)

  seal(session: HlsSession): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce)
    const text = Buffer.concat([cipher.update(JSON.stringify(session), 'utf8'), cipher.final()])
    return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url') + END
  }

  /** @throws AwsException (403) for a token that was not sealed here, or whose session has expired */
  open(token: string, now: EpochMs): HlsSession {
    const text = this.#decrypt(token)
    if (text === null) throw new AwsException('UnrecognizedClientException', 'Streaming session token is invalid')
    const session: HlsSession = JSON.parse(text)
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
