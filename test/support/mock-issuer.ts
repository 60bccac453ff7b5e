import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

export const AUDIENCE = 'clipgate'

interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

export interface TokenForm {
  readonly claims?: JWTPayload
  readonly typ?: string | undefined
  readonly key?: SigningKey
  readonly lifetimeSeconds?: number
}

/** An issuer that signs whatever a test wants, and counts how often its documents are read. */
export class MockIssuer {
  readonly reads: string[] = []
  /** Overrides of the discovery document. */
  metadata: Record<string, unknown> = {}
  /** Answers a document instead, if set. */
  answer: RequestListener | null = null
  keys: SigningKey[] = []
  readonly #server: Server
  url = ''

  private constructor() {
    this.#server = createServer((request, response) => {
      this.reads.push(request.url ?? '')
      if (this.answer) return this.answer(request, response)
      const body = request.url === '/jwks' ? { keys: this.keys.map(({ jwk }) => jwk) } : this.#discovery()
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    })
  }

  static async start(port = 0): Promise<MockIssuer> {
    const issuer = new MockIssuer()
    issuer.keys = [await createKey('first')]
    await new Promise<void>((resolve) => issuer.#server.listen(port, '127.0.0.1', resolve))
    const address = issuer.#server.address()
    issuer.url = `http://127.0.0.1:${isAddress(address) ? address.port : 0}`
    return issuer
  }

  /** A valid access token, unless the form says otherwise. */
  async sign({ claims = {}, typ = 'at+jwt', key = this.keys[0], lifetimeSeconds = 600 }: TokenForm = {}): Promise<string> {
    if (key === undefined) throw new Error('the issuer has no key')
    const nowSeconds = Math.floor(Date.now() / 1000)
    const times = { iat: nowSeconds, exp: nowSeconds + lifetimeSeconds }
    const payload = { iss: this.url, aud: AUDIENCE, sub: 'alice', ...times, ...claims }
    const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
    return new SignJWT(given).setProtectedHeader({ alg: key.alg, kid: key.kid, ...(typ === '' ? {} : { typ }) }).sign(key.privateKey)
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #discovery() {
    return {
      issuer: this.url,
      jwks_uri: `${this.url}/jwks`,
      id_token_signing_alg_values_supported: ['HS256', 'RS256', 'ES256', 'none'],
      ...this.metadata,
    }
  }
}

export async function createKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  // Without `alg`, as Entra and Cognito publish their keys.
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
