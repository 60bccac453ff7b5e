import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'

const REDIRECT = 'http://127.0.0.1/signed-in'

export interface Tokens {
  readonly accessToken: string
  readonly idToken: string | null
}

export interface TestProvider extends AsyncDisposable {
  readonly url: string
  /** The client credentials of the machine `partner`. */
  requestMachineToken(scope: string): Promise<Tokens>
  /** The authorization code flow with PKCE, as a browser runs it for the user `alice`. */
  signIn(scope: string): Promise<Tokens>
}

/** An OpenID Connect provider that issues JWT access tokens (RFC 9068) for the audience `clipgate`. */
export async function startOidcProvider({ accessTokenSeconds = 600 } = {}): Promise<TestProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const resource = {
    scope: 'streams:read clips:request',
    audience: 'clipgate',
    accessTokenTTL: accessTokenSeconds,
    accessTokenFormat: 'jwt' as const,
  }
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const provider = new Provider(url, {
    clients: [
      {
        client_id: 'partner',
        client_secret: 'a-secret-for-tests',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'page',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        redirect_uris: [REDIRECT],
        application_type: 'native',
      },
    ],
    scopes: ['openid', 'streams:read', 'clips:request'],
    cookies: { keys: ['a-key-for-tests'] },
    // Without these, the provider prints warnings.
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'first' }] },
    ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo: () => resource, useGrantedResource: () => true },
    },
  })
  provider.on('server_error', (_ctx, error) => console.error(error))
  server.on('request', provider.callback())
  const token = async (form: Record<string, string>): Promise<Tokens> => {
    const response = await fetch(`${url}/token`, { method: 'POST', body: new URLSearchParams(form) })
    const answer = JSON.parse(await response.text())
    if (response.status !== 200) throw new Error(JSON.stringify(answer))
    return { accessToken: answer.access_token, idToken: answer.id_token ?? null }
  }
  return {
    url,
    requestMachineToken: (scope) =>
      token({
        grant_type: 'client_credentials',
        client_id: 'partner',
        client_secret: 'a-secret-for-tests',
        scope,
        resource: 'urn:clipgate',
      }),
    async signIn(scope) {
      const verifier = randomBytes(32).toString('base64url')
      const code = await authorize(url, scope, createHash('sha256').update(verifier).digest('base64url'))
      const form = { grant_type: 'authorization_code', client_id: 'page', redirect_uri: REDIRECT, code, code_verifier: verifier }
      return token({ ...form, resource: 'urn:clipgate' })
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Follows the redirects, and submits the forms of the provider: login, then consent. */
async function authorize(url: string, scope: string, challenge: string): Promise<string> {
  const query = { client_id: 'page', response_type: 'code', redirect_uri: REDIRECT, scope, resource: 'urn:clipgate' }
  const cookies = new Map<string, string>()
  const forms: Record<string, string>[] = [{ prompt: 'login', login: 'alice', password: 'x' }, { prompt: 'consent' }]
  let next = `${url}/auth?${new URLSearchParams({ ...query, code_challenge: challenge, code_challenge_method: 'S256' })}`
  for (let step = 0; step < 12; step += 1) {
    if (next.startsWith(REDIRECT)) return new URL(next).searchParams.get('code') ?? next
    const isForm = new URL(next).pathname.startsWith('/interaction/')
    const init = isForm ? { method: 'POST', body: new URLSearchParams(forms.shift()) } : {}
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const response = await fetch(next, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${response.status} ${await response.text()}`)
    next = new URL(location, next).href
  }
  throw new Error('the provider does not end its redirects')
}
