import { describe, expect, test } from '@jest/globals'
import type { ForCaller } from '../../src/auth/caller.js'
import { guardServices } from '../../src/auth/guarded-services.js'
import type { ContextSources } from '../../src/graphql/context.js'
import type { SchemaServices } from '../../src/graphql/schema.js'
import type { EndpointDirectory } from '../../src/kvs/ports.js'
import { callerOf, principalWith, untaggedAccess } from '../support/callers.js'
import { FakeEndpoints, FakeFragments, FakeHlsSessions, FakeStreams, fakeQuotas, fakeStream } from '../support/fake-kvs.js'

const NO_SIGNAL = new AbortController().signal
const footage = { coverage: () => Promise.reject(new Error('not used')), media: () => Promise.reject(new Error('not used')) }

function harness(...names: string[]) {
  const streams = new FakeStreams(names.map((name) => fakeStream(name)))
  const endpoints = new FakeEndpoints()
  const guarded = guardServices(
    { streams, endpoints, fragments: new FakeFragments([]), hls: new FakeHlsSessions(), quotas: fakeQuotas },
    footage,
    untaggedAccess(),
  )
  return { streams, endpoints, guarded }
}

/** Never called: `npm run check:types` fails if one of these lines compiles. */
function resolversWithoutCaller(
  { streams, fragments, clips, hlsSessions }: SchemaServices,
  sources: ContextSources,
  raw: EndpointDirectory,
) {
  // @ts-expect-error A signal is not a caller.
  streams.list({ limit: 1 }, NO_SIGNAL)
  // @ts-expect-error The caller is missing.
  streams.findMany([])
  // @ts-expect-error An object of the same shape is not a caller.
  clips.find('id', { principal: callerOf().principal, signal: NO_SIGNAL, requestId: '' })
  // @ts-expect-error A signal is not a caller.
  fragments.list({ streamArn: '', fragmentSelectorType: 'SERVER_TIMESTAMP', range: { startMs: 0, endMs: 1 } }, NO_SIGNAL)
  // @ts-expect-error The caller is missing.
  sources.endpoints.getMany([])
  // @ts-expect-error A port of kvs/ takes the place of no guarded service.
  const endpoints: ForCaller<EndpointDirectory> = raw
  return { endpoints, hlsSessions }
}

describe('a guarded service', () => {
  test('compiles only with a caller', () => {
    expect(resolversWithoutCaller).toHaveLength(3)
  })

  test('refuses a call without a caller that the compiler did not check', async () => {
    const { guarded } = harness('gate')
    await expect(Reflect.apply(guarded.streams.findMany, guarded.streams, [[{ name: 'gate' }], NO_SIGNAL])).rejects.toThrow(
      'without a Caller',
    )
    await expect(Reflect.apply(guarded.endpoints.getMany, guarded.endpoints, [[], { principal: callerOf().principal }])).rejects.toThrow(
      'without a Caller',
    )
  })

  test('looks up only what the caller may see, in one batch and in order', async () => {
    const { guarded, streams, endpoints } = harness('lobby-1', 'lobby-2', 'garage-1')
    const caller = callerOf(principalWith([{ scopes: ['streams:read', 'endpoints:read'], streams: ['lobby-*'] }]))
    const refs = ['lobby-2', 'garage-1', 'lobby-9', 'lobby-1'].map((name) => ({ name }))
    const found = await guarded.streams.findMany(refs, caller)
    expect(found.map((stream) => stream && 'name' in stream && stream.name)).toEqual(['lobby-2', null, null, 'lobby-1'])
    expect(streams.findManyCalls).toEqual([[{ name: 'lobby-2' }, { name: 'lobby-9' }, { name: 'lobby-1' }]])
    const keys = ['lobby-1', 'garage-1', 'lobby-2'].map((name) => ({ streamArn: fakeStream(name).arn, api: 'GET_CLIP' as const }))
    expect(await guarded.endpoints.getMany(keys, caller)).toEqual([
      'https://get-clip.example.com',
      expect.objectContaining({ code: 'NOT_FOUND' }),
      'https://get-clip.example.com',
    ])
    expect(endpoints.batches).toEqual([[keys[0], keys[2]]])
  })

  test('calls nothing for hidden streams only', async () => {
    const { guarded, streams, endpoints } = harness('garage-1')
    const caller = callerOf(principalWith([{ scopes: ['streams:read', 'endpoints:read'], streams: ['lobby-*'] }]))
    expect(await guarded.streams.findMany([{ name: 'garage-1' }, { name: 'missing' }], caller)).toEqual([null, null])
    await guarded.endpoints.getMany([{ streamArn: fakeStream('garage-1').arn, api: 'GET_CLIP' }], caller)
    expect(await guarded.streams.tags({ name: 'garage-1' }, caller)).toBeNull()
    expect([streams.findManyCalls, endpoints.batches]).toEqual([[], []])
  })

  test('gives pages of visible streams, however many hidden ones are between them', async () => {
    const names = Array.from({ length: 2500 }, (_, index) => `camera-${String(index).padStart(4, '0')}`)
    const { guarded } = harness(...names)
    const caller = callerOf(principalWith([{ scopes: ['streams:read'], streams: ['*9'] }]))
    const seen: string[] = []
    for (let afterName: string | undefined, hasMore = true; hasMore; ) {
      const page = await guarded.streams.list({ limit: 100, ...(afterName === undefined ? {} : { afterName }) }, caller)
      expect(page.streams).toHaveLength(Math.min(100, 250 - seen.length))
      seen.push(...page.streams.map(({ name }) => name))
      afterName = seen.at(-1)
      hasMore = page.hasMore
    }
    expect(seen).toEqual(names.filter((name) => name.endsWith('9')))
  })
})
