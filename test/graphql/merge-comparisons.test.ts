import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parse } from 'graphql'
import { countMergeComparisons } from '../../src/graphql/merge-comparisons.js'

const NO_LIMIT = Number.POSITIVE_INFINITY

function count(text: string, atMost = NO_LIMIT): number {
  return countMergeComparisons(parse(text), atMost)
}

function repeat(times: number, write: (index: number) => string): string {
  return Array.from({ length: times }, (_, index) => write(index)).join(' ')
}

function pairsOf(number: number): number {
  return (number * (number - 1)) / 2
}

describe('the comparisons of a document', () => {
  test('grow with its length when each field is selected once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (fields) => {
        expect(count(`{ ${repeat(fields, (index) => `f${index}`)} }`)).toBe(fields)
        expect(count(`{ ${repeat(fields, (index) => `f${index} { a b }`)} }`)).toBe(3 * fields)
      }),
    )
  })

  test('are all pairs of fields that are selected again, at each level', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 10 }), (outer, inner) => {
        const all = outer * inner
        const expected = outer + pairsOf(outer) + all + pairsOf(all)
        expect(count(`{ ${repeat(outer, () => `a { ${repeat(inner, () => 'b')} }`)} }`)).toBe(expected)
      }),
    )
  })

  test('are the same for inline fragments, except for the fragments themselves', () => {
    expect(count(`{ ${repeat(20, () => '... { a }')} }`)).toBe(40 + pairsOf(20))
    expect(count(`{ ${'... { a '.repeat(20)} ${'}'.repeat(20)} }`)).toBe(40 + pairsOf(20))
    expect(count('{ ... { a { b } } a { b } }')).toBe(3 + 1 + 2 + 1)
  })

  test('are all pairs of the fragments in one selection set', () => {
    const fragments = repeat(20, (index) => `fragment F${index} on Query { a }`)
    expect(count(`{ ${repeat(20, (index) => `...F${index}`)} } ${fragments}`)).toBe(40 + pairsOf(20) + pairsOf(20))
    expect(count(`{ ${repeat(20, () => '...F0')} } fragment F0 on Query { a }`)).toBe(20 + 1)
  })

  test('are counted once when a fragment is used in several places', () => {
    const components = repeat(40, (index) => `fragment C${index} on Stream { a b c }`)
    const camera = `fragment Camera on Stream { ${repeat(40, (index) => `...C${index}`)} }`
    const cameras = (number: number) => count(`{ ${repeat(number, (index) => `s${index}: stream { ...Camera }`)} } ${camera} ${components}`)
    expect(cameras(10) - cameras(1)).toBe(9 * (1 + 1 + 40 + 40 * 3))
  })

  test('are counted once when several places merge the same sets', () => {
    const fragments = repeat(200, (index) => `fragment F${index} on Query { a { ...F${index + 1} } b { ...F${index + 1} } }`)
    expect(count(`{ ...F0 } ${fragments} fragment F200 on Query { c }`)).toBeLessThan(2000)
  })

  test('end in fragments that spread themselves or are missing', () => {
    expect(count('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...Missing }')).toBeLessThan(20)
    expect(count('{ ...A } fragment A on Query { a { ...A } }')).toBeLessThan(20)
  })

  test('are not counted above the limit', () => {
    const fragments = repeat(200, (index) => `fragment F${index} on Query { a { ${repeat(8, (other) => `...F${index + other + 1}`)} } }`)
    const operations = repeat(200, (index) => `query Q${index} { ...F0 ...F${index} }`)
    const counted = count(`${operations} ${fragments}`, 1000)
    expect(counted).toBeGreaterThan(1000)
    expect(counted).toBeLessThan(1000 + pairsOf(210) * 2)
  })
})
