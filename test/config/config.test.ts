import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { MAX_PUBLIC_URL_CHARACTERS, parseConfig } from '../../src/config/config.js'
import { readEnv, WrongSetting } from '../../src/config/env.js'

function configOf(source: Record<string, string>) {
  return parseConfig(readEnv(source))
}

function refusalOf(source: Record<string, string>): string {
  try {
    configOf(source)
  } catch (error) {
    if (error instanceof WrongSetting) return error.message
    throw error
  }
  return 'accepted'
}

describe('without settings', () => {
  test('the documented defaults apply', () => {
    expect(configOf({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      admin: null,
      auditLog: null,
      publicUrl: 'http://127.0.0.1:4000',
      kvs: { backend: 'embedded' },
      embeddedKvs: { host: '127.0.0.1', port: 4010, demo: true, quotas: true, strictCodecs: false, faults: false, listDelayMs: 0 },
      dataDir: resolve('.clipgate'),
      clips: { urlTtlSeconds: 900, urlMaxTtlSeconds: 86_400, storeBytes: 10_737_418_240, maxBytes: 2_147_483_648 },
      webSockets: { bufferBytes: 1_048_576, totalBufferBytes: 67_108_864 },
      auth: { apiKeysFile: null, oidc: null },
      corsOrigins: [],
      queryMaxDepth: 12,
      queryMaxCost: 5000,
      rateLimits: { costPerMinute: null, downloads: null },
      requestTimeoutMs: 30_000,
      shutdownDelayMs: 0,
      shutdownGraceMs: 30_000,
      downloadIdleTimeoutMs: 60_000,
      introspection: true,
      trustedDocuments: null,
      trustProxy: false,
      logLevel: 'info',
    })
  })

  test('an empty or blank setting counts as not set', () => {
    expect(configOf({ PORT: '', HOST: '  ', KVS_ENDPOINT: '' })).toEqual(configOf({}))
  })
})

describe('a setting', () => {
  test('is read without surrounding spaces', () => {
    expect(configOf({ PORT: ' 5000 ' }).port).toBe(5000)
  })

  test('of a public URL loses its trailing slash and keeps its path', () => {
    expect(configOf({ PUBLIC_URL: 'https://clips.example.net/gate/' }).publicUrl).toBe('https://clips.example.net/gate')
    const longest = 'https://a.example/'.padEnd(MAX_PUBLIC_URL_CHARACTERS, 'a')
    expect(configOf({ PUBLIC_URL: longest }).publicUrl).toBe(longest)
  })

  test('of port 0 leaves the public URL open', () => {
    expect(configOf({ PORT: '0', KVS_PORT: '0' })).toMatchObject({ port: 0, publicUrl: null })
  })

  test('of an IPv6 host makes a URL with brackets', () => {
    expect(configOf({ HOST: '::1' }).publicUrl).toBe('http://[::1]:4000')
  })

  test('of AWS turns introspection off by default', () => {
    expect(configOf({ KVS_BACKEND: 'aws' })).toMatchObject({
      introspection: false,
      kvs: { backend: 'aws', endpoint: null, dataEndpointSuffixes: null },
    })
    expect(configOf({ KVS_BACKEND: 'aws', INTROSPECTION: 'true' }).introspection).toBe(true)
  })

  test('of lists is split at its commas', () => {
    const config = configOf({
      KVS_BACKEND: 'aws',
      KVS_ENDPOINT: 'https://kvs.example.net/',
      KVS_DATA_ENDPOINT_SUFFIXES: 'amazonaws.com, KVS.example.net,10.0.0.7',
      CORS_ORIGINS: 'https://a.example, http://localhost:3000',
    })
    expect(config.kvs).toEqual({
      backend: 'aws',
      endpoint: 'https://kvs.example.net',
      dataEndpointSuffixes: ['amazonaws.com', 'kvs.example.net', '10.0.0.7'],
    })
    expect(config.corsOrigins).toEqual(['https://a.example', 'http://localhost:3000'])
  })

  test.each([
    ['false', false],
    ['2', 2],
    ['loopback, 10.0.0.0/8,::1', 'loopback,10.0.0.0/8,::1'],
  ])('of trusted proxies %s is %p', (text, expected) => {
    expect(configOf({ TRUST_PROXY: text }).trustProxy).toBe(expected)
  })
})

describe('a wrong setting', () => {
  test.each<[string, string, string]>([
    ['HOST', 'a host', 'a host name or an IP address'],
    ['HOST', '127.0.0.1:80', 'without a port'],
    ['PORT', '65536', 'a whole number from 0 to 65535'],
    ['PORT', '-1', 'a whole number'],
    ['PORT', '80.5', 'a whole number'],
    ['PORT', '4e3', 'a whole number'],
    ['PORT', '0x50', 'a whole number'],
    ['KVS_PORT', 'many', 'a whole number from 0 to 65535'],
    ['PUBLIC_URL', 'clips.example.net', 'an http or https URL'],
    ['PUBLIC_URL', 'ftp://clips.example.net', 'an http or https URL'],
    ['PUBLIC_URL', 'https://clips.example.net/?a=b', 'query'],
    ['PUBLIC_URL', 'https://clips.example.net/#a', 'fragment'],
    ['KVS_BACKEND', 'gcp', 'one of embedded, aws'],
    ['KVS_ENDPOINT', 'kvs', 'an http or https URL'],
    ['KVS_DATA_ENDPOINT_SUFFIXES', 'amazonaws.com,,b', 'comma-separated host names or IP addresses'],
    ['KVS_DATA_ENDPOINT_SUFFIXES', '*.amazonaws.com', 'host names'],
    ['KVS_HOST', 'kvs/1', 'a host name'],
    ['KVS_DEMO', 'yes', 'one of true, false'],
    ['KVS_QUOTAS', 'true', 'one of on, off'],
    ['KVS_STRICT_CODECS', '1', 'one of true, false'],
    ['KVS_FAULTS', 'TRUE', 'one of true, false'],
    ['KVS_LIST_DELAY_MS', '-1', 'a whole number from 0 to 3600000'],
    ['CLIP_URL_TTL', '0', 'a whole number from 1'],
    ['CLIP_URL_MAX_TTL', '1e9', 'a whole number'],
    ['CLIP_STORE_BYTES', '10GB', 'a whole number'],
    ['CLIP_MAX_BYTES', '9007199254740993', 'a whole number from 1 to 9007199254740991'],
    ['WS_BUFFER_BYTES', '0', 'a whole number from 131072'],
    ['WS_BUFFER_TOTAL_BYTES', '64MB', 'a whole number from 131072'],
    ['CORS_ORIGINS', '*', 'origins'],
    ['CORS_ORIGINS', 'https://a.example/', 'only scheme, host and port'],
    ['CORS_ORIGINS', 'null', 'origins'],
    ...[
      'http://*.example.com',
      '*.example.com',
      'https://App.example',
      'https://a.example:443',
      'https://a..example',
      'https://a.example:0',
    ].map((origin): [string, string, string] => ['CORS_ORIGINS', origin, 'without wildcards']),
    ['QUERY_MAX_DEPTH', '0', 'a whole number'],
    ['QUERY_MAX_COST', '', 'accepted'],
    ['REQUEST_TIMEOUT_MS', '30s', 'a whole number'],
    ['SHUTDOWN_GRACE_MS', '-5', 'a whole number'],
    ['INTROSPECTION', 'on', 'one of true, false'],
    ['TRUST_PROXY', 'true', 'false, a number of proxies'],
    ['TRUST_PROXY', '0', 'a number of proxies from 1'],
    ['TRUST_PROXY', '10.0.0.0/33', 'addresses and ranges'],
    ['TRUST_PROXY', '10.0.0.0/8/8', 'addresses and ranges'],
    ['TRUST_PROXY', 'proxy.example.net', 'addresses and ranges'],
    ['LOG_LEVEL', 'verbose', 'one of trace, debug, info, warn, error, fatal, silent'],
  ])('%s=%s is refused: %s', (name, value, allowed) => {
    const message = refusalOf({ [name]: value })
    expect(message).toContain(allowed)
    if (value !== '') expect(message).toContain(`${name} is ${JSON.stringify(value)}, but must be`)
  })

  test.each<[string, string, string]>([
    ['PUBLIC_URL', 'https://me:secret@clips.example.net', 'https://***@clips.example.net'],
    ['PUBLIC_URL', 'https://secret@clips.example.net', 'https://***@clips.example.net'],
    ['PUBLIC_URL', 'me:secret@clips.example.net', '***@clips.example.net'],
    ['PUBLIC_URL', `https://me:${'secret/'.repeat(20)}@clips.example.net`, 'https://***@clips.example.net'],
    ['KVS_ENDPOINT', 'http://me:secret\n@kvs.example.net', 'http://***@kvs.example.net'],
    ['CORS_ORIGINS', 'https://a.example, https://me:secret@b.example', 'https://***@b.example'],
  ])('%s with credentials is refused without showing them: %p', (name, value, shown) => {
    const message = refusalOf({ KVS_BACKEND: 'aws', [name]: value })
    expect(message).toContain(`${name} is "${shown}", but must be `)
    expect(message).not.toContain('secret')
  })

  test.each(['PUBLIC_URL', 'KVS_ENDPOINT'])('%s with credentials is refused with a message that they are not allowed', (name) => {
    expect(refusalOf({ KVS_BACKEND: 'aws', [name]: 'https://me:secret@a.example' })).toContain('an http or https URL without credentials')
  })

  test('is a public URL that is too long for clip URLs', () => {
    const tooLong = 'https://a.example/'.padEnd(MAX_PUBLIC_URL_CHARACTERS + 1, 'a')
    expect(refusalOf({ PUBLIC_URL: tooLong })).toContain(`of at most ${MAX_PUBLIC_URL_CHARACTERS} characters`)
  })

  test('is shown shortened and on one line', () => {
    const message = refusalOf({ LOG_LEVEL: `a\n${'x'.repeat(10_000)}` })
    expect(message.length).toBeLessThan(250)
    expect(message).not.toContain('\n')
  })
})

test('a host that cannot work is refused before other settings, with everything that it needs', () => {
  const message = refusalOf({ HOST: '0.0.0.0', PORT: 'x', LOG_LEVEL: 'loud', PUBLIC_URL: '' })
  expect(message).toBe(
    'HOST is "0.0.0.0", which is not a loopback address. This also needs API_KEYS_FILE or OIDC_ISSUER (who may ask), CLIP_URL_SECRETS (seals clip URLs), PUBLIC_URL (the base of clip URLs).',
  )
})

describe('settings that conflict', () => {
  const secret = 's'.repeat(32)

  test.each<[string, Record<string, string>, string[]]>([
    ['an endpoint for the embedded server', { KVS_ENDPOINT: 'http://127.0.0.1:9' }, ['KVS_ENDPOINT', 'KVS_BACKEND']],
    ['data endpoints for the embedded server', { KVS_DATA_ENDPOINT_SUFFIXES: 'a.example' }, ['KVS_DATA_ENDPOINT_SUFFIXES', 'KVS_BACKEND']],
    ['one port for two servers', { PORT: '4010' }, ['PORT', 'KVS_PORT', '4010']],
    ['a usual time above the longest', { CLIP_URL_TTL: '90000' }, ['CLIP_URL_TTL', '90000', 'CLIP_URL_MAX_TTL', '86400']],
    [
      'less for all sockets than for one',
      { WS_BUFFER_BYTES: '2000000', WS_BUFFER_TOTAL_BYTES: '1000000' },
      ['WS_BUFFER_TOTAL_BYTES', '1000000', 'WS_BUFFER_BYTES', '2000000'],
    ],
    [
      'clips larger than the store that keeps them',
      { CLIP_STORE_BYTES: '1000000000', CLIP_MAX_BYTES: '1000000001' },
      ['CLIP_MAX_BYTES', '1000000001', 'CLIP_STORE_BYTES', '1000000000'],
    ],
    [
      'clips larger than a store keeps that was not set',
      { CLIP_MAX_BYTES: '20000000000' },
      ['CLIP_MAX_BYTES', '20000000000', 'CLIP_STORE_BYTES', '10737418240'],
    ],
    ['a port without a host for operators', { ADMIN_PORT: '9464' }, ['ADMIN_PORT', 'ADMIN_HOST']],
    ['a host without a port for operators', { ADMIN_HOST: '127.0.0.1' }, ['ADMIN_PORT', 'ADMIN_HOST']],
    ['one port for two addresses', { ADMIN_HOST: '::1', ADMIN_PORT: '4000' }, ['PORT', 'ADMIN_PORT', '4000']],
    ['an embedded server for everyone without keys', { KVS_HOST: '0.0.0.0' }, ['KVS_HOST', '0.0.0.0', 'KVS_ACCESS_KEYS']],
    ['a wildcard without a public URL', { HOST: '0.0.0.0' }, ['PUBLIC_URL', 'HOST', '0.0.0.0']],
    ['a public host without secrets', { HOST: '::', PUBLIC_URL: 'https://a.example' }, ['CLIP_URL_SECRETS', 'HOST', '::']],
    [
      'a public host without authentication',
      { HOST: '10.0.0.7', CLIP_URL_SECRETS: secret },
      ['HOST', '10.0.0.7', 'loopback', 'API_KEYS_FILE', 'OIDC_ISSUER'],
    ],
    ['a wildcard without anything', { HOST: '0.0.0.0' }, ['API_KEYS_FILE', 'OIDC_ISSUER', 'CLIP_URL_SECRETS', 'PUBLIC_URL']],
  ])('%s: are refused with all their names', (_, source, parts) => {
    const message = refusalOf(source)
    for (const part of parts) expect(message).toContain(part)
  })

  test('a public host with API keys, secrets and a public URL is accepted', () => {
    const source = { HOST: '0.0.0.0', API_KEYS_FILE: 'keys.json', CLIP_URL_SECRETS: secret, PUBLIC_URL: 'https://clips.example.net' }
    expect(configOf(source)).toMatchObject({ host: '0.0.0.0', auth: { apiKeysFile: resolve('keys.json') } })
  })

  test('a small store limits the size of a clip, unless CLIP_MAX_BYTES is set', () => {
    expect(configOf({ CLIP_STORE_BYTES: '300000000' }).clips).toMatchObject({ storeBytes: 300_000_000, maxBytes: 300_000_000 })
    const both = { CLIP_STORE_BYTES: '300000000', CLIP_MAX_BYTES: '200000000' }
    expect(configOf(both).clips).toMatchObject({ storeBytes: 300_000_000, maxBytes: 200_000_000 })
    expect(configOf({ CLIP_STORE_BYTES: '20000000000' }).clips.maxBytes).toBe(2_147_483_648)
  })

  test('access keys allow the embedded server to listen on any address', () => {
    expect(configOf({ KVS_HOST: '0.0.0.0', KVS_ACCESS_KEYS: 'a:b' }).embeddedKvs.host).toBe('0.0.0.0')
  })

  test('with AWS the port of the embedded server does not matter', () => {
    expect(configOf({ KVS_BACKEND: 'aws', PORT: '4010' }).port).toBe(4010)
  })
})
