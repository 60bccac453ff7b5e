import { describe, expect, test } from '@jest/globals'
import {
  type ClipHttpRequest,
  type DescribedClip,
  decideClipResponse,
  toNotReadyResponse,
  toPreflightResponse,
  toUnavailableResponse,
} from '../../../src/delivery/serve/clip-response.js'
import { ClipUnavailable } from '../../../src/delivery/serve/clip-unavailable.js'
import { CLIP_ERRORS, type ClipErrorCode } from '../../../src/domain/errors.js'

function isClipErrorCode(text: string): text is ClipErrorCode {
  return Object.hasOwn(CLIP_ERRORS, text)
}

const NOW = Date.UTC(2026, 6, 1, 12)
const CLIP: DescribedClip = {
  form: 'REBUILT',
  fileName: 'door.mp4',
  lastModifiedMs: Date.UTC(2026, 6, 1, 11, 59, 58, 500),
  urlExpiresAtMs: NOW + 900_999,
  identity: { sizeBytes: 1_000, etag: '"tag"' },
}
const PASSING: DescribedClip = { ...CLIP, form: 'PASSTHROUGH', identity: null }

function decide(headers: ClipHttpRequest['headers'] = {}, request: Partial<ClipHttpRequest> = {}, clip = CLIP) {
  return decideClipResponse({ method: 'GET', headers, isDownload: false, ...request }, clip, NOW)
}

const SHARED = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Retry-After, X-Request-Id',
  'cross-origin-resource-policy': 'cross-origin',
  vary: 'Origin',
  'x-content-type-options': 'nosniff',
  'last-modified': 'Wed, 01 Jul 2026 11:59:58 GMT',
  'cache-control': 'private, max-age=900, immutable',
}
const CONTENT = {
  ...SHARED,
  etag: '"tag"',
  'content-type': 'video/mp4',
  'content-disposition': 'inline; filename="door.mp4"',
  'accept-ranges': 'bytes',
}

describe('a clip whose size is known', () => {
  test('is returned whole', () => {
    expect(decide()).toEqual({ status: 200, headers: { ...CONTENT, 'content-length': '1000' }, body: { clip: { start: 0, end: 1_000 } } })
  })

  test('is returned in part for a range, including the probe of Safari', () => {
    const headers = { ...CONTENT, 'content-length': '2', 'content-range': 'bytes 0-1/1000' }
    expect(decide({ range: 'bytes=0-1' })).toEqual({ status: 206, headers, body: { clip: { start: 0, end: 2 } } })
  })

  test('answers HEAD like GET, without the body and without the range', () => {
    expect(decide({ range: 'bytes=0-1' }, { method: 'HEAD' })).toEqual({
      status: 200,
      headers: { ...CONTENT, 'content-length': '1000' },
      body: null,
    })
  })

  test('is sent as an attachment when a download is requested', () => {
    expect(decide({}, { isDownload: true })?.headers['content-disposition']).toBe('attachment; filename="door.mp4"')
  })

  test('is not sent again to a client that has it', () => {
    expect(decide({ 'if-none-match': '"tag"' })).toEqual({ status: 304, headers: { ...SHARED, etag: '"tag"' }, body: null })
    expect(decide({ 'if-none-match': '"tag"' }, { method: 'HEAD' })).toMatchObject({ status: 304 })
    expect(decide({ 'if-none-match': '"tag"', range: 'bytes=0-1' })).toMatchObject({ status: 304 })
  })

  test('refuses failed preconditions and unsatisfiable ranges', () => {
    expect(problemOf(decide({ 'if-match': '"other"' }))).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' })
    const outside = decide({ range: 'bytes=1000-' })
    expect(problemOf(outside)).toMatchObject({ status: 416, code: 'RANGE_NOT_SATISFIABLE' })
    expect(outside?.headers).toMatchObject({ 'content-range': 'bytes */1000', 'cache-control': 'no-store' })
  })

  test('is returned whole when If-Range names another version', () => {
    expect(decide({ range: 'bytes=5-', 'if-range': '"tag"' })).toMatchObject({ status: 206, body: { clip: { start: 5, end: 1_000 } } })
    expect(decide({ range: 'bytes=5-', 'if-range': '"old"' })).toMatchObject({ status: 200, body: { clip: { start: 0, end: 1_000 } } })
    expect(decide({ range: 'bytes=5000-', 'if-range': '"old"' })).toMatchObject({ status: 200 })
  })

  test('is cacheable by the browser until its URL expires', () => {
    const expired = decide({}, {}, { ...CLIP, urlExpiresAtMs: NOW - 5_000 })
    expect(expired?.headers['cache-control']).toBe('private, max-age=0, immutable')
  })
})

describe('a clip whose size is not known', () => {
  test.each(['GET', 'HEAD'] as const)('makes %s wait when it is rebuilt', (method) => {
    expect(decide({}, { method }, { ...CLIP, identity: null })).toBeNull()
  })

  test.each([{}, { range: 'bytes=5-' }, { range: 'bytes=5-', 'if-range': '"tag"' }, { 'if-match': '*' }])(
    'is streamed at once, whole and without tag or length, when it is passed through: %j',
    (headers) => {
      const { etag: _, ...untagged } = CONTENT
      expect(decide(headers, {}, PASSING)).toEqual({
        status: 200,
        headers: { ...untagged, 'accept-ranges': 'none' },
        body: { clip: 'all' },
      })
      expect(decide(headers, { method: 'HEAD' }, PASSING)).toMatchObject({ status: 200, body: null })
    },
  )

  test('makes conditions that name a tag wait', () => {
    expect(decide({ 'if-none-match': '"tag"' }, {}, PASSING)).toBeNull()
    expect(decide({ 'if-match': '"tag"' }, {}, PASSING)).toBeNull()
  })

  test('answers conditions by date at once', () => {
    expect(decide({ 'if-modified-since': 'Wed, 01 Jul 2026 11:59:58 GMT' }, {}, PASSING)).toMatchObject({ status: 304 })
  })
})

test('a preflight allows reads from any origin, with the headers that the page may send', () => {
  expect(toPreflightResponse({ 'access-control-allow-headers': 'range', vary: 'Origin, Access-Control-Request-Headers' })).toMatchObject({
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'range',
      allow: 'GET, HEAD, OPTIONS',
      vary: 'Origin, Access-Control-Request-Headers',
    },
    body: null,
  })
})

test('a client that has waited too long gets a response with Retry-After', () => {
  expect(problemOf(toNotReadyResponse())).toMatchObject({ status: 503, code: 'NOT_READY', title: 'Service Unavailable' })
  expect(toNotReadyResponse().headers['retry-after']).toBe('5')
})

describe('an unavailable clip', () => {
  const STATUS = {
    BAD_TOKEN: 403,
    EXPIRED: 410,
    REVOKED: 410,
    FOOTAGE_EXPIRED: 404,
    FOOTAGE_CHANGED: 404,
    CODEC_CHANGES: 404,
    KVS_THROTTLED: 503,
    KVS_FAILED: 502,
    KVS_ACCESS_DENIED: 502,
    STORE_FULL: 503,
    OVERLOADED: 503,
    RATE_LIMITED: 429,
    INTERNAL: 500,
  }

  test.each(Object.keys(CLIP_ERRORS).filter(isClipErrorCode))('because of %s is a problem with that code', (reason) => {
    const response = toUnavailableResponse(new ClipUnavailable(reason, 'It is so.'))
    expect(response.status).toBe(STATUS[reason])
    expect(response.headers['content-type']).toBe('application/problem+json')
    expect(problemOf(response)).toMatchObject({ type: 'about:blank', status: STATUS[reason], code: reason, detail: 'It is so.' })
    expect('retry-after' in response.headers).toBe(response.status === 503)
  })

  test('says when to retry, in whole seconds and never too early', () => {
    const throttled = toUnavailableResponse(new ClipUnavailable('KVS_THROTTLED', 'Wait.', { retryAfterMs: 1_200 }))
    expect(throttled.headers['retry-after']).toBe('2')
  })
})

function problemOf(response: ReturnType<typeof decideClipResponse>): unknown {
  if (response?.body === null || response?.body === undefined || !('bytes' in response.body)) throw new Error('not a problem')
  expect(response.headers['content-length']).toBe(String(response.body.bytes.byteLength))
  return JSON.parse(response.body.bytes.toString())
}
