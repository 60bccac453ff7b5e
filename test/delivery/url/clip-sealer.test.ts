import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MAX_PUBLIC_URL_CHARACTERS } from '../../../src/config/config.js'
import { ClipSealer } from '../../../src/delivery/url/clip-sealer.js'
import type { ClipSpec } from '../../../src/delivery/url/clip-spec.js'
import { fileNameOf, toClipUrl } from '../../../src/delivery/url/signed-url.js'

const SECRET = 'a-secret-of-at-least-32-characters-0'
const OTHER = 'another-secret-of-32-characters-0001'
/** One hour, issued at an instant that starts a quarter of it. */
const HOUR = { principal: 'abcdefghij', issuedAtMs: 1_799_999_100_000, lifetimeSeconds: 3600 }
const sealer = new ClipSealer([SECRET])
const another = new ClipSealer([SECRET])

function toSpec(overrides: Partial<ClipSpec> = {}): ClipSpec {
  return {
    streamArn: 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/front-door/1511852109126',
    fragmentSelectorType: 'SERVER_TIMESTAMP',
    range: { startMs: 1_790_000_000_000, endMs: 1_790_000_060_250 },
    cut: 'FRAGMENT',
    overflow: 'TRUNCATE',
    fileName: 'Haustür.mp4',
    pin: {
      fragmentCount: 30,
      firstFragmentNumber: '91343852333181432392682062622220590765220391937',
      lastFragmentNumber: '91343852333181432392682062622220590765220391967',
      digest: new Uint8Array(32).fill(7),
    },
    ...overrides,
  }
}

const LONGEST = toSpec({
  streamArn: `arn:aws-us-gov:kinesisvideo:ap-southeast-1:123456789012:stream/${'n'.repeat(256)}/1511852109126`,
  fileName: `${'𠮷'.repeat(100)}.mp4`,
  pin: {
    fragmentCount: 432_000,
    firstFragmentNumber: '9'.repeat(128),
    lastFragmentNumber: '9'.repeat(128),
    digest: new Uint8Array(32).fill(255),
  },
})

const specs = fc.record({
  streamArn: fc.stringMatching(/^arn:aws:kinesisvideo:[a-z0-9-]{1,20}:[0-9]{12}:stream\/[a-zA-Z0-9_.-]{1,256}\/[0-9]{13}$/),
  fragmentSelectorType: fc.constantFrom('SERVER_TIMESTAMP' as const, 'PRODUCER_TIMESTAMP' as const),
  range: fc
    .tuple(fc.integer({ min: -1e14, max: 2e14 }), fc.integer({ min: 1, max: 86_400_000 }))
    .map(([startMs, lengthMs]) => ({ startMs, endMs: startMs + lengthMs })),
  cut: fc.constantFrom('FRAGMENT' as const, 'EXACT' as const),
  overflow: fc.constantFrom('JOIN' as const, 'TRUNCATE' as const, 'REFUSE' as const),
  fileName: fc.option(fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }).map((name) => `${name}.mp4`)),
  pin: fc.record({
    fragmentCount: fc.integer({ min: 1, max: 500_000 }),
    firstFragmentNumber: fc.bigInt({ min: 0n, max: 10n ** 128n - 1n }).map(String),
    lastFragmentNumber: fc.bigInt({ min: 0n, max: 10n ** 128n - 1n }).map(String),
    digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  }),
})

const urls = fc.record({
  principal: fc.string({ unit: 'grapheme', maxLength: 100 }),
  issuedAtMs: fc.integer({ min: 0, max: 4e12 }),
  lifetimeSeconds: fc.integer({ min: 1, max: 1e7 }),
})

describe('a sealed clip', () => {
  test('opens with the values that were sealed', () => {
    fc.assert(
      fc.property(specs, urls, (spec, url) => {
        const { issuedAtMs, lifetimeSeconds, principal } = url
        const token = sealer.sealUrl(spec, url)
        // The sealer that sealed it remembers its content. The other one decrypts it.
        const opened = { spec, principal, issuedAtMs, expiresAtMs: issuedAtMs + 1250 * lifetimeSeconds }
        for (const opener of [sealer, another]) expect(opener.openUrl(token)).toEqual(opened)
        expect(sealer.openId(sealer.sealId(spec, lifetimeSeconds))).toEqual({ spec, lifetimeSeconds })
      }),
    )
  })

  test('has the same ID each time, on every gateway that has the secret', () => {
    expect(sealer.sealId(toSpec(), 900)).toBe(new ClipSealer([SECRET, OTHER]).sealId(toSpec(), 900))
    expect(sealer.sealId(toSpec({ cut: 'EXACT' }), 900)).not.toBe(sealer.sealId(toSpec(), 900))
    expect(sealer.sealId(toSpec(), 901)).not.toBe(sealer.sealId(toSpec(), 900))
  })

  test('has an ID and a URL that do not open as each other', () => {
    expect(sealer.openUrl(sealer.sealId(toSpec(), 900))).toBeNull()
    expect(sealer.openId(sealer.sealUrl(toSpec(), HOUR))).toBeNull()
  })

  test('reveals none of its content', () => {
    const token = sealer.sealUrl(toSpec(), HOUR)
    const bytes = Buffer.from(token, 'base64url').toString('latin1')
    for (const text of ['arn:', 'front-door', '123456789012', 'mp4']) expect(token + bytes).not.toContain(text)
  })

  test('opens after a rotation while its secret is listed, and not afterwards', () => {
    const token = sealer.sealUrl(toSpec(), HOUR)
    const rotated = new ClipSealer([OTHER, SECRET])
    expect(rotated.openUrl(token)?.spec).toEqual(toSpec())
    expect(rotated.openId(sealer.sealId(toSpec(), 900))?.spec).toEqual(toSpec())
    expect(new ClipSealer([OTHER]).openUrl(token)).toBeNull()
    expect(sealer.openUrl(rotated.sealUrl(toSpec(), HOUR))).toBeNull()
  })

  test('is refused when any single bit is changed', () => {
    const bytes = Buffer.from(sealer.sealUrl(toSpec(), HOUR), 'base64url')
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(sealer.openUrl(changed.toString('base64url'))).toBeNull()
    }
  })

  test('is refused when it is truncated, extended, or encoded differently', () => {
    const token = sealer.sealUrl(toSpec(), HOUR)
    for (let length = 0; length < token.length; length++) expect(sealer.openUrl(token.slice(0, length))).toBeNull()
    for (const text of [`${token}A`, `${token}=`, ` ${token}`, `${token}\n`, token.toLowerCase()]) expect(sealer.openUrl(text)).toBeNull()
  })

  test('does not open from random text of any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (junk) => {
        expect(sealer.openUrl(junk)).toBeNull()
        expect(sealer.openId(junk)).toBeNull()
      }),
    )
    expect(sealer.openUrl('A'.repeat(10_000_000))).toBeNull()
  })

  test('requires a secret', () => {
    expect(() => new ClipSealer([])).toThrow('at least one secret')
  })
})

describe('a clip URL', () => {
  const publicUrl = `https://${'h'.repeat(MAX_PUBLIC_URL_CHARACTERS - 8)}`

  test('has at most 2,000 characters in the worst case', () => {
    const url = toClipUrl(
      publicUrl,
      sealer.sealUrl(LONGEST, { principal: 'p'.repeat(160), issuedAtMs: 253_402_300_799_000, lifetimeSeconds: 31_536_000 }),
      fileNameOf(LONGEST),
    )
    expect(url.length).toBeLessThanOrEqual(2000)
    expect(new URL(url).pathname).toMatch(/^\/clips\/[\w-]+\/(%F0%A0%AE%B7)+\.mp4$/)
    expect(sealer.sealId(LONGEST, 31_536_000).length).toBeLessThanOrEqual(1500)
  })

  test('shows the full file name when there is room', () => {
    const url = toClipUrl('https://clips.example', sealer.sealUrl(toSpec(), HOUR), 'Haustür 1.mp4')
    expect(url).toMatch(/^https:\/\/clips\.example\/clips\/[\w-]+\/Haust%C3%BCr%201\.mp4$/)
  })

  test('suggests a name made from the stream and the start when none is given', () => {
    expect(fileNameOf(toSpec({ fileName: null }))).toBe('front-door-2026-09-21T14-13-20.000Z.mp4')
    expect(fileNameOf({ ...LONGEST, fileName: null }).length).toBeLessThanOrEqual(104)
  })
})
