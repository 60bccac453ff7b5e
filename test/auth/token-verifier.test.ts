import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { exportSPKI, importJWK } from 'jose'
import { AccessPolicy } from '../../src/auth/claim-policy.js'
import { TokenVerifier } from '../../src/auth/token-verifier.js'
import { AUDIENCE, createKey, MockIssuer, type TokenForm } from '../support/mock-issuer.js'

const POLICY = AccessPolicy.parse(
  JSON.stringify([
    { claim: 'groups', value: 'security', grants: [{ scopes: ['clips:request'], streams: ['*'] }] },
    { claim: 'scope', value: 'streams:read', grants: [{ scopes: ['streams:read'], streams: ['lobby-*'] }] },
    { claim: 'realm_access.roles', value: 'guard', grants: [{ scopes: ['hls:create'], streams: ['*'] }] },
    { claim: 'https://example.net/site', value: 'berlin', grants: [{ scopes: ['clips:validate'], streams: ['tag:site=berlin'] }] },
  ]),
)

let issuer: MockIssuer
let verifier: TokenVerifier
let nowMs: number

beforeEach(async () => {
  issuer = await MockIssuer.start()
  nowMs = Date.now()
  verifier = verifierOf(issuer.url)
})
afterEach(() => issuer.close())

function verifierOf(url: string): TokenVerifier {
  const created = new TokenVerifier({ issuer: url, audience: AUDIENCE, clock: { now: () => nowMs } })
  created.replacePolicy(POLICY)
  return created
}

async function scopesOf(form: TokenForm) {
  const principal = await verifier.find(await issuer.sign(form))
  return principal?.grants.flatMap(({ scopes }) => scopes)
}

describe('an access token', () => {
  test('names its principal, and ends a minute after its expiry', async () => {
    const principal = await verifier.find(await issuer.sign({ lifetimeSeconds: 600 }))
    expect(principal).toMatchObject({ kind: 'OIDC', id: `${issuer.url}#alice`, name: 'alice', grants: [] })
    expect((principal?.endsAtMs ?? 0) - (principal?.expiresAtMs ?? 0)).toBe(60_000)
  })

  test.each<[string, object, string[]]>([
    ['a list claim', { groups: ['office', 'security'] }, ['clips:request']],
    ['a text claim', { groups: 'security' }, ['clips:request']],
    ['part of a text', { groups: 'security staff' }, []],
    ['scope as text', { scope: 'openid streams:read' }, ['streams:read']],
    ['scp as a list (Okta)', { scp: ['streams:read'] }, ['streams:read']],
    ['scp as text (Entra)', { scp: 'a streams:read' }, ['streams:read']],
    ['permissions (Auth0)', { permissions: ['streams:read'] }, ['streams:read']],
    ['a nested claim (Keycloak)', { realm_access: { roles: ['guard'] } }, ['hls:create']],
    ['a claim whose name is a URL', { 'https://example.net/site': 'berlin' }, ['clips:validate']],
    ['several rules', { groups: 'security', scope: 'streams:read' }, ['clips:request', 'streams:read']],
    ['no rule', { groups: ['__proto__'], realm_access: null, scope: 7 }, []],
  ])('gets the grants of %s', async (_, claims, scopes) => {
    expect(await scopesOf({ claims: { ...claims } })).toEqual(scopes)
  })

  test.each<[string, TokenForm]>([
    ['of RFC 9068', { typ: 'application/at+jwt' }],
    ['of Cognito, with client_id and without aud', { typ: '', claims: { aud: undefined, client_id: AUDIENCE, token_use: 'access' } }],
    ['for several audiences', { claims: { aud: ['other', AUDIENCE] } }],
    ['without a type but with a scope', { typ: '', claims: { scope: 'a' } }],
    ['of type JWT with permissions', { typ: 'JWT', claims: { permissions: [] } }],
    ['that expired less than a minute ago', { lifetimeSeconds: -30 }],
    ['that starts in less than a minute', { claims: { nbf: Math.floor(Date.now() / 1000) + 30 } }],
  ])('%s is accepted', async (_, form) => {
    expect(await verifier.find(await issuer.sign(form))).not.toBeNull()
  })

  test('of an issuer that ends in a slash is accepted', async () => {
    issuer.metadata = { issuer: `${issuer.url}/` }
    expect(await verifier.find(await issuer.sign({ claims: { iss: `${issuer.url}/` } }))).not.toBeNull()
  })
})

describe('a token', () => {
  test.each<[string, TokenForm]>([
    ['for another audience', { claims: { aud: 'other' } }],
    ['for another audience with our client_id', { claims: { aud: 'other', client_id: AUDIENCE } }],
    ['without an audience', { claims: { aud: undefined } }],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['without an issuer', { claims: { iss: undefined } }],
    ['that expired more than a minute ago', { lifetimeSeconds: -61 }],
    ['without an expiry', { claims: { exp: undefined } }],
    ['that is not valid yet', { claims: { nbf: Math.floor(Date.now() / 1000) + 120 } }],
    ['without a subject', { claims: { sub: undefined } }],
    ['with a very long subject', { claims: { sub: 'x'.repeat(256) } }],
    ['of Cognito for identity', { typ: '', claims: { token_use: 'id', scope: 'a' } }],
    ['of Keycloak for identity', { typ: 'JWT', claims: { typ: 'ID', scope: 'a' } }],
    ['for identity, with a nonce', { typ: 'JWT', claims: { nonce: 'n', scope: 'a' } }],
    ['for identity, with at_hash', { typ: '', claims: { at_hash: 'h', scope: 'a' } }],
    ['without any sign of an access token', { typ: 'JWT' }],
    ['of another type', { typ: 'logout+jwt', claims: { scope: 'a' } }],
  ])('%s is refused', async (_, form) => {
    expect(await verifier.find(await issuer.sign(form))).toBeNull()
  })

  test('that is unsigned, cut, changed or signed with another key is refused', async () => {
    const valid = await issuer.sign({ claims: { groups: 'office' } })
    expect(await verifier.find(valid)).not.toBeNull()
    const [head = '', body = '', signature = ''] = valid.split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const foreign = await createKey('first')
    const refused = [
      `${encode({ alg: 'none' })}.${body}.`,
      `${encode({ alg: 'none' })}.${body}.${signature}`,
      `${encode({ alg: 'NONE', kid: 'first' })}.${body}.${signature}`,
      `${head}.${body}.`,
      `${head}.${body}`,
      valid.slice(0, -4),
      `${head}.${encode({ ...claims, groups: 'security' })}.${signature}`,
      `${encode({ alg: 'ES256', kid: 'first', crit: ['x'], x: 1 })}.${body}.${signature}`,
      await issuer.sign({ key: foreign }),
      await issuer.sign({ key: { ...foreign, kid: 'unknown' } }),
      'a.b.c',
      '..',
      '',
    ]
    for (const token of refused) expect(await verifier.find(token)).toBeNull()
  })

  test('that is signed by HMAC with the public key is refused, although the issuer announces HS256', async () => {
    const key = await createKey('rsa', 'RS256')
    issuer.keys = [key]
    const publicKey = await importJWK({ ...key.jwk, ext: true }, 'RS256')
    if (publicKey instanceof Uint8Array) throw new Error('the key is a secret')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const expiry = Math.floor(Date.now() / 1000) + 600
    const content = `${encode({ alg: 'HS256', kid: 'rsa', typ: 'at+jwt' })}.${encode({ iss: issuer.url, aud: AUDIENCE, sub: 'eve', exp: expiry })}`
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(key.jwk), key.jwk.n ?? '']) {
      const signature = createHmac('sha256', secret).update(content).digest('base64url')
      expect(await verifier.find(`${content}.${signature}`)).toBeNull()
    }
    expect(await verifier.find(await issuer.sign())).not.toBeNull()
  })

  test('with an algorithm that the issuer does not announce is refused', async () => {
    issuer.keys = [await createKey('rsa', 'RS512')]
    expect(await verifier.find(await issuer.sign())).toBeNull()
  })
})

describe('the keys of the issuer', () => {
  test('are read once for many tokens, and for an unknown key not before the cool-down ends', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => issuer.sign({ claims: { sub: `user-${index}` } })))
    const found = await Promise.all(tokens.map((token) => verifier.find(token)))
    expect(found.every((principal) => principal !== null)).toBe(true)
    const foreign = await createKey('unknown')
    for (let index = 0; index < 5; index += 1) expect(await verifier.find(await issuer.sign({ key: foreign }))).toBeNull()
    expect(issuer.reads).toEqual(['/.well-known/openid-configuration', '/jwks'])
  })

  test('can change while the issuer runs', async () => {
    await verifier.find(await issuer.sign())
    const before = await issuer.sign({ claims: { sub: 'bob' } })
    issuer.keys = [await createKey('second')]
    expect(await verifier.find(await issuer.sign())).toBeNull()
    // jose measures the cool-down by the time of the system.
    const laterMs = Date.now() + 31_000
    const time = jest.spyOn(Date, 'now').mockImplementation(() => laterMs)
    try {
      expect(await verifier.find(await issuer.sign())).not.toBeNull()
      expect(await verifier.find(before)).toBeNull()
    } finally {
      time.mockRestore()
    }
  })
})

describe('an issuer that cannot be used', () => {
  test.each<[string, Record<string, unknown>]>([
    ['with another name', { issuer: 'https://evil.example' }],
    ['with symmetric algorithms only', { id_token_signing_alg_values_supported: ['HS256', 'none'] }],
    ['with keys over plain HTTP on another host', { jwks_uri: 'http://192.0.2.1/jwks' }],
    ['without keys', { jwks_uri: null }],
  ])('%s makes its tokens unverifiable, not invalid', async (_, metadata) => {
    issuer.metadata = metadata
    await expect(verifier.find(await issuer.sign())).rejects.toMatchObject({ code: 'OVERLOADED', details: { retryAfterMs: 5000 } })
  })

  test.each<[string, (url: string) => number]>([
    ['that fails', () => 500],
    ['whose keys fail', (url) => (url === '/jwks' ? 500 : 0)],
    ['that redirects', () => 302],
    ['that sends without end', () => 1],
  ])('%s is not asked again at once', async (_, statusOf) => {
    const plain = issuer.answer
    issuer.answer = (request, response) => {
      const status = statusOf(request.url ?? '')
      if (status === 0) {
        response.end(
          JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks`, id_token_signing_alg_values_supported: ['ES256'] }),
        )
      } else if (status === 1) {
        const send = () => {
          if (!response.destroyed) response.write(' '.repeat(65_536), () => setImmediate(send))
        }
        send()
      } else response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end()
    }
    const token = await issuer.sign()
    await expect(verifier.find(token)).rejects.toMatchObject({ code: 'OVERLOADED' })
    const reads = issuer.reads.length
    await expect(verifier.find(token)).rejects.toMatchObject({ code: 'OVERLOADED' })
    expect(issuer.reads).toHaveLength(reads)
    issuer.answer = plain
    nowMs += 5001
    if (!issuer.reads.includes('/jwks')) expect(await verifier.find(token)).not.toBeNull()
  })

  test('keeps its verified tokens for a minute, and the discovery for longer', async () => {
    const token = await issuer.sign()
    expect(await verifier.find(token)).not.toBeNull()
    issuer.answer = (_request, response) => response.writeHead(500).end()
    nowMs += 3_600_001
    expect(await verifier.find(await issuer.sign({ claims: { exp: Math.floor(nowMs / 1000) + 600 } }))).not.toBeNull()
  })
})

test('a new policy ends the principals of the previous one', async () => {
  const token = await issuer.sign({ claims: { groups: 'security' } })
  const before = await verifier.find(token)
  verifier.replacePolicy(AccessPolicy.parse('[{"claim":"sub","value":"alice","grants":[{"scopes":["metrics:read"],"streams":["*"]}]}]'))
  expect(before?.ended?.aborted).toBe(true)
  const after = await verifier.find(token)
  expect([after?.ended?.aborted, after?.grants[0]?.scopes]).toEqual([false, ['metrics:read']])
})

test.each([
  ['{}', 'must be a list'],
  ['[]', 'must be a list'],
  ['[{"claim":"groups","value":7,"grants":[]}]', 'value of rule 0'],
  ['[{"claim":"groups","value":"a","grants":[]}]', 'rule 0.grants must be a list'],
  ['[{"claim":"groups","value":"a","grant":[]}]', 'unknown member "grant"'],
])('the policy %s is refused', (text, message) => {
  expect(() => AccessPolicy.parse(text)).toThrow(message)
})
