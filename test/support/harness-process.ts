// The gateway's HTTP app over fakes in a separate process, with the memory limit of its parent. Its clips have the maximum number of gaps.
// It prints its URL.
import { fakeClip } from './fake-clips.js'
import { buildHarness } from './graphql-harness.js'

const GAPS = 9_900
const range = (index: number) => ({ startMs: 1_700_000_000_000 + index * 5000, endMs: 1_700_000_002_000 + index * 5000 })
const gaps = Array.from({ length: GAPS }, (_, index) => range(index))
const timeline = gaps.map((gap, index) => ({ mediaStartMs: index * 3000, range: gap }))
const { app, clips } = await buildHarness({ maxCost: 10_000_000, maxDepth: 20 })
clips.clip = { ...fakeClip, gaps, timeline }
clips.states = [{ ...clips.clip, state: 'FETCHING', sizeBytes: null }]
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
