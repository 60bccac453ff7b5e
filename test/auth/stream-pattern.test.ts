import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isNamedBy, parseStreamPattern } from '../../src/auth/stream-pattern.js'
import { fakeStream } from '../support/fake-kvs.js'

const { arn } = fakeStream('gate')

describe('a pattern', () => {
  test.each([
    ['lobby-*', 'name'],
    ['*', 'name'],
    ['a', 'name'],
    [arn, 'arn'],
    ['tag:site=berlin', 'tag'],
    ['tag:empty=', 'tag'],
    ['tag:url=a=b', 'tag'],
  ])('%s is one of kind %s', (text, kind) => {
    expect(parseStreamPattern(text)).toMatchObject({ kind, text })
  })

  test.each(['', 'tag:', 'tag:=x', 'arn:aws:kinesisvideo:*', 'a b', 'a/b', 'x'.repeat(257), `${arn}*`])('%j is refused', (text) => {
    expect(parseStreamPattern(text)).toBeNull()
  })

  test('of a name matches as a glob does', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 8 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(glob, name, (text, given) => {
        const pattern = parseStreamPattern(text)
        const expected = new RegExp(`^${text.replaceAll('*', '.*')}$`).test(given)
        expect(pattern !== null && isNamedBy(pattern, fakeStream(given))).toBe(expected)
      }),
    )
  })

  test('with many asterisks costs little', () => {
    const pattern = parseStreamPattern('a*'.repeat(128))
    const startMs = performance.now()
    expect(pattern !== null && isNamedBy(pattern, fakeStream(`${'a'.repeat(255)}b`))).toBe(true)
    expect(performance.now() - startMs).toBeLessThan(1000)
  })

  test('of an ARN matches that stream and no other of the same name', () => {
    const pattern = parseStreamPattern(arn)
    const later = { name: 'gate', arn: arn.replace(/\d+$/, '1800000000000') }
    expect(pattern !== null && [isNamedBy(pattern, fakeStream('gate')), isNamedBy(pattern, later)]).toEqual([true, false])
  })
})
