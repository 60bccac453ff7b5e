import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type PlanRequest, planClip, toPlanSummary, toSelection } from '../../src/domain/clip-plan.js'
import { noFootageIssue } from '../../src/domain/footage-issues.js'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import type { TimeRange } from '../../src/domain/time-range.js'
import { listFragments, listings, T0, toFragment } from '../support/listed-fragments.js'

const LATER = T0 + 86_400_000
const FACTS = { nowMs: LATER, maxClipBytes: 2_147_483_648 }

function toRequest(startMs: number, endMs: number, overrides: Partial<PlanRequest> = {}): PlanRequest {
  return { fragmentSelectorType: 'SERVER_TIMESTAMP', range: { startMs, endMs }, cut: 'FRAGMENT', overflow: 'JOIN', ...overrides }
}

function plan(listed: readonly ListedFragment[], request: PlanRequest, facts = FACTS) {
  const { plan: made, issues } = planClip(request, listed, facts)
  return { plan: made, codes: issues.map(({ code, severity }) => `${severity} ${code}`), issues }
}

describe('a plan of whole fragments', () => {
  test('delivers from the first start to the end of the last, the last frame included', () => {
    const { plan: made, codes } = plan(listFragments(5), toRequest(T0, T0 + 9999))
    expect(made).toMatchObject({ delivered: { startMs: T0, endMs: T0 + 10_000 }, durationMs: 10_000, truncated: false, gaps: [] })
    expect(made?.timeline).toEqual([{ mediaStartMs: 0, range: { startMs: T0, endMs: T0 + 10_000 } }])
    expect(codes).toEqual(['WARNING END_INSIDE_FRAGMENT'])
    expect(made && toPlanSummary(made)).toEqual({
      fragmentCount: 5,
      estimatedBytes: 500_000,
      requested: { startMs: T0, endMs: T0 + 9999 },
      delivered: { startMs: T0, endMs: T0 + 10_000 },
      truncated: false,
      gaps: [],
      parts: 1,
    })
  })

  test.each([
    [-1, 5, []],
    [0, 5, []],
    [1, 4, ['WARNING START_INSIDE_FRAGMENT']],
    [1999, 4, ['WARNING START_INSIDE_FRAGMENT']],
    [2000, 4, []],
  ])('whose start is %d ms from a fragment start holds %d fragments', (offsetMs, count, codes) => {
    const listed = listFragments(5)
    const seen = plan(listed, toRequest(T0 + offsetMs, T0 + 10_000))
    expect(seen.plan?.fragments).toHaveLength(count)
    expect(seen.codes).toEqual(codes)
  })

  test('reports how late it starts, and which range includes the first fragment', () => {
    const { issues } = plan(listFragments(5), toRequest(T0 + 500, T0 + 10_000))
    expect(issues[0]).toMatchObject({
      code: 'START_INSIDE_FRAGMENT',
      path: ['startTimestamp'],
      ranges: [{ startMs: T0, endMs: T0 + 10_000 }],
    })
    expect(issues[0]?.message).toContain('1.5 s later than requested')
  })

  test.each([
    [-1, 4, ['WARNING END_INSIDE_FRAGMENT']],
    [0, 5, ['WARNING END_INSIDE_FRAGMENT']],
    [1, 5, ['WARNING END_INSIDE_FRAGMENT']],
    [2000, 5, []],
  ])('whose end is %d ms from the last fragment start holds %d fragments', (offsetMs, count, codes) => {
    const seen = plan(listFragments(5), toRequest(T0, T0 + 8000 + offsetMs))
    expect(seen.plan?.fragments).toHaveLength(count)
    expect(seen.codes).toEqual(codes)
  })

  test('reports rests longer than a second, between fragments and at the edges, and no shorter ones', () => {
    const holed = (holeMs: number) => [...listFragments(3), ...listFragments(3, { fromMs: T0 + 6000 + holeMs, firstNumber: 2000 })]
    const whole = plan(holed(960), toRequest(T0, T0 + 12_960))
    expect(whole.plan?.gaps).toEqual([])
    const gap = { startMs: T0 + 6000, endMs: T0 + 6961 }
    const broken = plan(holed(961), toRequest(T0, T0 + 12_961))
    expect(broken.plan?.gaps).toEqual([gap])
    expect(broken.issues[0]).toMatchObject({ code: 'GAP_IN_RANGE', severity: 'WARNING', ranges: [gap] })
    expect(broken.plan?.timeline).toEqual([
      { mediaStartMs: 0, range: { startMs: T0, endMs: T0 + 6000 } },
      { mediaStartMs: 6961, range: { startMs: T0 + 6961, endMs: T0 + 12_961 } },
    ])
    const edges = plan(listFragments(3), toRequest(T0 - 5000, T0 + 20_000))
    expect(edges.plan?.gaps).toEqual([
      { startMs: T0 - 5000, endMs: T0 },
      { startMs: T0 + 6000, endMs: T0 + 20_000 },
    ])
  })

  test('treats fragments of one frame each, with a reported length of 0, as footage without gaps', () => {
    const listed = listFragments(10, { spacingMs: 1000, frameMs: 1000 })
    const { plan: made } = plan(listed, toRequest(T0, T0 + 10_000))
    expect(made).toMatchObject({ gaps: [], durationMs: 10_000, delivered: { endMs: T0 + 10_000 } })
  })

  test('warns when the clocks go apart by more than a second, by server time only', () => {
    const drifting = (skewMs: number) => [toFragment(T0, { number: 1 }), toFragment(T0 + 2000, { number: 2, skewMs })]
    expect(plan(drifting(1000), toRequest(T0, T0 + 6000)).codes).not.toContain('WARNING CLOCKS_DISAGREE')
    expect(plan(drifting(1001), toRequest(T0, T0 + 6000)).codes).toContain('WARNING CLOCKS_DISAGREE')
    const byProducer = toRequest(T0, T0 + 6000, { fragmentSelectorType: 'PRODUCER_TIMESTAMP' })
    expect(plan(drifting(5000), byProducer).codes).not.toContain('WARNING CLOCKS_DISAGREE')
  })

  test('says how long to wait for the newest second', () => {
    const { issues } = plan(listFragments(5), toRequest(T0, T0 + 11_000), { ...FACTS, nowMs: T0 + 11_500 })
    expect(issues).toMatchObject([{ code: 'FOOTAGE_NOT_YET_LISTED', severity: 'WARNING', retryAfterMs: 2500 }])
    expect(plan(listFragments(5), toRequest(T0, T0 + 11_000), { ...FACTS, nowMs: T0 + 14_000 }).codes).toEqual([])
  })
})

describe('more than one GetClip gives', () => {
  const listed = listFragments(450)
  const range = [T0, T0 + 900_000] as const

  test('is joined', () => {
    const { plan: made, codes } = plan(listed, toRequest(...range))
    expect(made?.parts.map((part) => part.fragments.length)).toEqual([200, 200, 50])
    expect(codes).toEqual([])
  })

  test('is truncated, and the omitted range is reported', () => {
    const { plan: made, issues } = plan(listed, toRequest(...range, { overflow: 'TRUNCATE' }))
    expect(made).toMatchObject({ truncated: true, delivered: { startMs: T0, endMs: T0 + 400_000 }, gaps: [] })
    expect(made?.fragments).toHaveLength(200)
    expect(issues).toMatchObject([
      {
        code: 'FRAGMENT_LIMIT_EXCEEDED',
        severity: 'WARNING',
        ranges: [{ startMs: T0 + 400_000, endMs: T0 + 898_000 }],
      },
    ])
    expect(issues[0]?.message).toContain('the first 200 and omits 250')
  })

  test('is truncated, and the omitted range reaches to its end, also for a day in hundreds of parts', () => {
    const day = listFragments(86_400, { spacingMs: 1000 })
    const { issues } = plan(day, toRequest(T0, T0 + 86_400_000, { overflow: 'TRUNCATE' }))
    expect(issues[0]?.ranges).toEqual([{ startMs: T0 + 200_000, endMs: T0 + 86_399_000 }])
  })

  test('is truncated before fragments that no range can separate, and these are reported', () => {
    const many = Array.from({ length: 250 }, (_, index) => toFragment(T0 + 4000, { number: 2000 + index }))
    const { issues } = plan([...listFragments(2), ...many], toRequest(T0, T0 + 5000, { overflow: 'TRUNCATE' }))
    expect(issues[0]).toMatchObject({ severity: 'WARNING', ranges: [{ startMs: T0 + 4000, endMs: T0 + 4001 }] })
  })

  test('is truncated, and the omitted range of an exact cut reaches to its end', () => {
    const { issues } = plan(listed, toRequest(T0 + 500, T0 + 899_500, { overflow: 'TRUNCATE', cut: 'EXACT' }))
    expect(issues[0]?.ranges).toEqual([{ startMs: T0 + 400_000, endMs: T0 + 899_500 }])
  })

  test('is refused, with the ranges that can be had', () => {
    const { plan: made, issues } = plan(listed, toRequest(...range, { overflow: 'REFUSE' }))
    expect(made).toBeNull()
    expect(issues[0]).toMatchObject({ code: 'FRAGMENT_LIMIT_EXCEEDED', severity: 'ERROR', path: ['overflow'] })
    for (const { startMs, endMs } of issues[0]?.ranges ?? []) {
      expect(plan(listed, toRequest(startMs, endMs, { overflow: 'REFUSE' })).plan).not.toBeNull()
    }
  })

  test('is reported as a size limit if only the size exceeds its limit', () => {
    const large = listFragments(20, { sizeBytes: 10_000_000 })
    const { issues } = plan(large, toRequest(T0, T0 + 40_000, { overflow: 'REFUSE' }))
    expect(issues.map(({ code }) => code)).toEqual(['SIZE_LIMIT_EXCEEDED'])
    expect(issues[0]?.message).toContain('200 MB')
  })

  test('is refused when it is larger than this gateway makes, with ranges that it does make', () => {
    const facts = { ...FACTS, maxClipBytes: 10_000_000 }
    const { plan: made, issues } = plan(listed, toRequest(...range), facts)
    expect(made).toBeNull()
    expect(issues.map(({ code }) => code)).toEqual(['CLIP_TOO_LARGE'])
    expect(issues[0]?.ranges).toHaveLength(5)
    for (const { startMs, endMs } of issues[0]?.ranges ?? []) expect(plan(listed, toRequest(startMs, endMs), facts).plan).not.toBeNull()
  })

  test('is refused when it is larger than this gateway makes, with ranges that never part fragments of one instant', () => {
    const pairs = listFragments(6).flatMap((fragment) => [fragment, { ...fragment, fragmentNumber: `${fragment.fragmentNumber}0` }])
    const { issues } = plan(pairs, toRequest(T0, T0 + 12_000), { ...FACTS, maxClipBytes: 500_000 })
    expect(issues).toMatchObject([
      {
        code: 'CLIP_TOO_LARGE',
        ranges: [
          { startMs: T0, endMs: T0 + 2000 },
          { startMs: T0 + 4000, endMs: T0 + 6000 },
          { startMs: T0 + 8000, endMs: T0 + 10_000 },
        ],
      },
    ])
  })

  test('is planned with work that grows as its length does', () => {
    const sixHours = countReads(10_800)
    expect(sixHours.parts).toBe(54)
    expect(sixHours.reads / 10_800).toBeLessThan(1.2 * (countReads(1_080).reads / 1_080))
  })
})

/** How often a plan looks at its fragments: work that grows with the square of their number shows here, on a machine of any speed. */
function countReads(fragments: number) {
  let reads = 0
  const counted = listFragments(fragments).map(
    (fragment) =>
      new Proxy(fragment, {
        get(target, name, receiver) {
          reads += 1
          return Reflect.get(target, name, receiver)
        },
      }),
  )
  const { plan: made } = plan(counted, toRequest(T0, T0 + fragments * 2_000, { fragmentSelectorType: 'PRODUCER_TIMESTAMP' }))
  return { reads, parts: made?.parts.length }
}

describe('an exact cut', () => {
  const exact = { cut: 'EXACT' } as const

  test.each([
    [0, T0, 3],
    [1, T0, 3],
    [1960, T0, 3],
    [2000, T0 + 2000, 2],
    [-1, T0, 3],
  ])('%d ms into a fragment takes the fragment that covers its start', (offsetMs, firstStart, count) => {
    const { plan: made, codes } = plan(listFragments(3), toRequest(T0 + offsetMs, T0 + 5000, exact))
    expect(made?.fragments[0]?.serverTimestampMs).toBe(firstStart)
    expect(made?.fragments).toHaveLength(count)
    expect(made?.delivered).toEqual({ startMs: T0 + Math.max(0, offsetMs), endMs: T0 + 5000 })
    expect(made?.durationMs).toBe(5000 - Math.max(0, offsetMs))
    expect(codes).toEqual([])
  })

  test.each([1961, 1999])('%d ms into a fragment, behind its last frame, begins with the next one', (offsetMs) => {
    const { plan: made } = plan(listFragments(3), toRequest(T0 + offsetMs, T0 + 5000, exact))
    expect(made?.fragments).toHaveLength(2)
    expect(made?.delivered).toEqual({ startMs: T0 + 2000, endMs: T0 + 5000 })
  })

  test('inside one fragment is a clip all the same', () => {
    const { plan: made } = plan(listFragments(3), toRequest(T0 + 500, T0 + 1500, exact))
    expect(made).toMatchObject({ delivered: { startMs: T0 + 500, endMs: T0 + 1500 }, durationMs: 1000 })
    expect(made?.timeline).toEqual([{ mediaStartMs: 0, range: { startMs: T0 + 500, endMs: T0 + 1500 } }])
  })

  test('does not reach back over a gap', () => {
    const listed = [...listFragments(1), toFragment(T0 + 8000, { number: 2000 })]
    expect(toSelection(toRequest(T0 + 5000, T0 + 9000, exact), listed).fragments.map((f) => f.fragmentNumber)).toEqual(['2000'])
  })
})

describe('any plan', () => {
  const requests = fc.record({
    fromMs: fc.integer({ min: -2000, max: 100_000 }),
    lengthMs: fc.integer({ min: 1, max: 200_000 }),
    cut: fc.constantFrom('FRAGMENT' as const, 'EXACT' as const),
    overflow: fc.constantFrom('JOIN' as const, 'TRUNCATE' as const, 'REFUSE' as const),
    fragmentSelectorType: fc.constantFrom('SERVER_TIMESTAMP' as const, 'PRODUCER_TIMESTAMP' as const),
  })

  test('is there exactly when no issue is an error, and keeps its promises', () => {
    fc.assert(
      fc.property(listings, requests, (listed, { fromMs, lengthMs, ...rest }) => {
        const request = { ...rest, range: { startMs: T0 + fromMs, endMs: T0 + fromMs + lengthMs } }
        const { fragments } = toSelection(request, listed)
        if (fragments.length === 0) return
        const { plan: made, issues } = plan(listed, request)
        expect(made === null).toBe(issues.some(({ severity }) => severity === 'ERROR'))
        for (const issue of issues) expect(issue.message).toMatch(/^[A-Z][^\n]{20,400}\.$/)
        if (made === null) return
        expect(made.fragments).toEqual(fragments.slice(0, made.fragments.length))
        expect(made.truncated).toBe(made.fragments.length < fragments.length)
        expect(made.delivered.endMs).toBeGreaterThanOrEqual(made.delivered.startMs)
        expect(made.durationMs).toBeGreaterThanOrEqual(0)
        for (const gap of made.gaps) {
          expect(gap.endMs - gap.startMs).toBeGreaterThan(0)
          expect(gap.startMs).toBeGreaterThanOrEqual(request.range.startMs)
          expect(gap.endMs).toBeLessThanOrEqual(request.range.endMs)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the ranges of an issue', () => {
  const selectors = fc.constantFrom('SERVER_TIMESTAMP' as const, 'PRODUCER_TIMESTAMP' as const)
  const within = (listed: readonly ListedFragment[], request: PlanRequest, range: TimeRange) =>
    toSelection({ ...request, range }, listed).fragments.map(({ fragmentNumber }) => fragmentNumber)

  test('about a truncated clip have exactly the omitted range', () => {
    fc.assert(
      fc.property(listings, selectors, (listed, fragmentSelectorType) => {
        const request = toRequest(T0 - 5000, T0 + 2_000_000, { overflow: 'TRUNCATE', fragmentSelectorType })
        const { plan: made, issues } = plan(listed, request)
        if (!made?.truncated) return
        const about = issues.filter(({ code }) => /LIMIT_EXCEEDED$/.test(code))
        expect(about.length).toBeGreaterThan(0)
        const left = within(listed, request, request.range).slice(made.fragments.length)
        for (const { ranges } of about) expect(ranges.flatMap((range) => within(listed, request, range))).toEqual(left)
      }),
      { numRuns: 1000 },
    )
  })

  test('about a clip that is too large give clips that are made, each of other fragments', () => {
    fc.assert(
      fc.property(listings, selectors, fc.integer({ min: 1, max: 200_000_000 }), (listed, fragmentSelectorType, maxClipBytes) => {
        const request = toRequest(T0 - 5000, T0 + 2_000_000, { fragmentSelectorType })
        const facts = { ...FACTS, maxClipBytes }
        for (const { code, ranges } of plan(listed, request, facts).issues) {
          if (code !== 'CLIP_TOO_LARGE') continue
          const given = ranges.flatMap((range) => within(listed, request, range))
          expect(new Set(given).size).toBe(given.length)
          for (const range of ranges) expect(plan(listed, { ...request, range }, facts).codes).not.toContain('ERROR CLIP_TOO_LARGE')
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a range without footage', () => {
  const request = toRequest(T0 + 60_000, T0 + 70_000)

  test('names the nearest earlier and later footage', () => {
    const nearby = [toFragment(T0 + 90_000, { number: 3 }), toFragment(T0, { number: 1 }), toFragment(T0 + 2000, { number: 2 })]
    const issue = noFootageIssue(request, { nearby, nowMs: LATER, retainedFromMs: 0 })
    expect(issue).toMatchObject({
      code: 'NO_FRAGMENTS',
      severity: 'ERROR',
      ranges: [
        { startMs: T0 + 2000, endMs: T0 + 3960 },
        { startMs: T0 + 90_000, endMs: T0 + 91_960 },
      ],
    })
    expect(issue.hint).toContain('2026-09-21T14:13:22.000Z')
  })

  test('is not reported as expired by producer time', () => {
    const byProducer = { ...request, fragmentSelectorType: 'PRODUCER_TIMESTAMP' as const }
    const absence = { nearby: [], nowMs: LATER, retainedFromMs: T0 + 80_000 }
    const issue = noFootageIssue(byProducer, absence)
    expect(issue).toMatchObject({ code: 'NO_FRAGMENTS', ranges: [] })
    expect(issue.hint).toContain('Footage ingested before 2026-09-21T14:14:40.000Z has expired.')
    expect(noFootageIssue(request, absence).hint).not.toContain('has expired')
  })

  test('says how long to wait if it is too new', () => {
    expect(noFootageIssue(request, { nearby: [], nowMs: T0 + 71_000, retainedFromMs: 0 })).toMatchObject({
      code: 'FOOTAGE_NOT_YET_LISTED',
      retryAfterMs: 2000,
    })
    expect(noFootageIssue(request, { nearby: [], nowMs: T0 + 73_000, retainedFromMs: 0 })).toMatchObject({
      code: 'NO_FRAGMENTS',
      retryAfterMs: null,
    })
  })
})
