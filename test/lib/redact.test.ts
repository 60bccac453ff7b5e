import { describe, expect, test } from '@jest/globals'
import { redact } from '../../src/lib/redact.js'

const token = 'Ag'.padEnd(160, 'x-_9')
const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl'

const UNITS = [
  'a',
  'a ',
  'http://',
  'http://a@',
  'eyJ',
  'eyJ-',
  'eyJa.',
  '/clips/',
  'Bearer ',
  'cgk_',
  'cgk_a',
  '"authorization":"',
  '-',
  '@',
  '?',
]

describe('a line of a log', () => {
  test.each([
    ['a clip URL', `got https://clips.example.net/clips/${token}/yard%20gate.mp4 of`, 'got https://clips.example.net/clips/[redacted] of'],
    ['the path of a clip', `GET /clips/${token}/a.mp4?download=1 HTTP`, 'GET /clips/[redacted] HTTP'],
    ['a short path of a clip', '"/clips/abc"', '"/clips/[redacted]"'],
    ['a token without its path', `opened ${token}.`, 'opened [redacted].'],
    [
      'the query of a URL',
      '"https://b.kinesisvideo.eu-west-1.amazonaws.com/hls?SessionToken=CiB"',
      '"https://b.kinesisvideo.eu-west-1.amazonaws.com/hls?[redacted]"',
    ],
    ['the fragment of a URL', 'https://a.example/#access_token=abc', 'https://a.example/?[redacted]'],
    ['the password of a URL', 'redis://me:secret@cache:6379/1', 'redis://[redacted]@cache:6379/1'],
    ['the password of a URL with a query', 'rediss://me:secret@cache/1?a=b', 'rediss://[redacted]@cache/1?[redacted]'],
    ['an API key, but not its ID', 'key cgk_7Qx_aGVsbG8td29ybGQ refused', 'key cgk_7Qx_[redacted] refused'],
    ['a long access token', `token eyJ${'a'.repeat(200)}.${'b'.repeat(300)}.${'c'.repeat(340)}, refused`, 'token [redacted], refused'],
    ['an access token', `token ${jwt}, refused`, 'token [redacted], refused'],
    ['a bearer credential', 'authorization: Bearer abc.def', 'authorization: Bearer [redacted]'],
    ['a header in JSON', '{"authorization":"anything","a":1}', '{"authorization":"[redacted]","a":1}'],
    ['a header in quoted JSON', '"{\\"x-api-key\\":\\"anything\\"}"', '"{\\"x-api-key\\":\\"[redacted]\\"}"'],
    ['a signature of AWS', 'SignedHeaders=host, Signature=0123456789abcdef0123456789abcdef', 'SignedHeaders=host, Signature=[redacted]'],
  ])('loses %s', (_, line, redacted) => {
    expect(redact(line)).toBe(redacted)
  })

  test('loses the given secrets wherever they appear', () => {
    expect(redact('{"a":"my secret text","b":["my secret"]}', ['my secret'])).toBe('{"a":"[redacted] text","b":["[redacted]"]}')
  })

  test.each([
    '{"level":30,"time":1764510000000,"requestId":"6d3f0a9e-2f4b-4c63-8a31-1a2b3c4d5e6f","msg":"answered"}',
    'https://a.example/users/@me and a@b.example',
    'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/yard/1764510000000',
    'listening at http://127.0.0.1:4000',
    'at file:///app/dist/http/clip-route.js:120:14',
    'fragment 91343852333181432392682062607743920146831425',
  ])('keeps what helps an operator: %s', (line) => {
    expect(redact(line)).toBe(line)
  })

  test('stays JSON', () => {
    const line = JSON.stringify({ url: `/clips/${token}/a.mp4`, err: { message: `say "Bearer ${jwt}" to https://me:pw@a.example/?q="` } })
    expect(JSON.parse(redact(line))).toEqual({
      url: '/clips/[redacted]',
      err: { message: 'say "Bearer [redacted]" to https://[redacted]@a.example/?[redacted]"' },
    })
  })

  test('takes time that grows with its length only', () => {
    const startMs = performance.now()
    for (const unit of UNITS) redact(unit.repeat(20_000))
    expect(performance.now() - startMs).toBeLessThan(20_000)
  })
})
