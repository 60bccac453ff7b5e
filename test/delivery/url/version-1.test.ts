import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ClipSealer } from '../../../src/delivery/url/clip-sealer.js'
import type { ClipSpec } from '../../../src/delivery/url/clip-spec.js'
import { sealVersion1Id, sealVersion1Url } from '../../support/version-1-tokens.js'

interface RecordedClip {
  readonly spec: Omit<ClipSpec, 'pin'> & { readonly pin: Omit<ClipSpec['pin'], 'digest'> & { readonly digest: string } }
  readonly id: string
  readonly url: string
  readonly expiresAtMs: number
}

/** Made by the last version of clipgate whose IDs carried no lifetime. */
const recorded: { readonly secret: string; readonly clips: readonly RecordedClip[] } = JSON.parse(
  readFileSync('test/fixtures/clip-tokens-1.json', 'utf8'),
)
const clips = recorded.clips.map(({ spec, url, ...rest }) => ({
  ...rest,
  spec: { ...spec, pin: { ...spec.pin, digest: new Uint8Array(Buffer.from(spec.pin.digest, 'hex')) } },
  token: new URL(url).pathname.split('/')[2] ?? '',
}))

describe('a token that was sealed before IDs carried a lifetime', () => {
  test.each(clips)('still opens, as an ID and as a URL ($expiresAtMs)', ({ spec, id, token, expiresAtMs }) => {
    const sealer = new ClipSealer(['a newer secret, of more than 32 characters', recorded.secret])
    expect(sealer.openId(id)).toEqual({ spec, lifetimeSeconds: null })
    expect(sealer.openUrl(token)).toEqual({ spec, expiresAtMs, issuedAtMs: 0, principal: '' })
    expect(sealer.openId(token)).toBeNull()
    expect(sealer.openUrl(id)).toBeNull()
  })

  test.each(clips)('equals what the tests seal as version 1 ($expiresAtMs)', ({ spec, id, token, expiresAtMs }) => {
    expect(sealVersion1Id(recorded.secret, spec)).toBe(id)
    expect(sealVersion1Url(recorded.secret, spec, expiresAtMs)).toBe(token)
  })

  test('cannot be confused with a current token', () => {
    const sealer = new ClipSealer([recorded.secret])
    const relabel = (text: string, version: number) => {
      const bytes = Buffer.from(text, 'base64url')
      bytes[0] = version
      return bytes.toString('base64url')
    }
    for (const { spec, id, token } of clips) {
      expect(sealer.openId(relabel(id, 2))).toBeNull()
      expect(sealer.openUrl(relabel(token, 2))).toBeNull()
      expect(sealer.openId(relabel(sealer.sealId(spec, 900), 1))).toBeNull()
      expect(sealer.openUrl(relabel(sealer.sealUrl(spec, { principal: '', issuedAtMs: 0, lifetimeSeconds: 900 }), 1))).toBeNull()
    }
  })
})
