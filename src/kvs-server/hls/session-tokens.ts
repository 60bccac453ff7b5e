import type { EpochMs } from '../../lib/clock.js'
import { AwsException } from '../wire/aws-exception.js'
import { Sealer } from '../wire/sealer.js'
import type { HlsSession } from './hls-session.js'

/** Tokens of the service end with it. */
const END = '~'

/** Session tokens. A restart ends the sessions. */
export class SessionTokens {
  readonly #sealer = new Sealer<HlsSession>()

  seal(session: HlsSession): string {
    return this.#sealer.seal(session).toString('base64url') + END
  }

  /** @throws AwsException (403) for a token that was not sealed here, or whose session has expired */
  open(token: string, now: EpochMs): HlsSession {
    const session = this.#sealer.open(Buffer.from(token, 'base64url'))
    if (session === null) throw new AwsException('UnrecognizedClientException', 'Streaming session token is invalid')
    if (session.expiresAtMs <= now) throw new AwsException('ExpiredTokenException', 'Streaming session token is expired')
    return session
  }
}
