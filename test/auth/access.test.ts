import { describe, expect, test } from '@jest/globals'
import { Access } from '../../src/auth/access.js'
import type { Scope } from '../../src/auth/scope.js'
import { TaggedStreams } from '../../src/auth/tag-index.js'
import { callerOf, principalWith } from '../support/callers.js'
import { fakeStream } from '../support/fake-kvs.js'

const lobby = fakeStream('lobby-1')
const garage = fakeStream('garage-1')
const newLobby = { ...lobby, arn: lobby.arn.replace(/\d+$/, '1800000000000') }
const tagged = new TaggedStreams(
  new Map([
    ['garage-1', { arn: garage.arn, tags: new Map([['site', 'berlin']]) }],
    ['lobby-1', { arn: newLobby.arn, tags: new Map([['site', 'rome']]) }],
  ]),
)

function judgeOf(grants: Parameters<typeof principalWith>[0], scope: Scope = 'streams:read') {
  return new Access({ read: async () => tagged }).judge(scope, callerOf(principalWith(grants)))
}

function readable(...streams: string[]) {
  return judgeOf([{ scopes: ['streams:read'], streams }])
}

describe('without the scope', () => {
  test('every stream is FORBIDDEN with the name of the scope', async () => {
    await expect(judgeOf([{ scopes: ['streams:read'], streams: ['*'] }], 'clips:request')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('clips:request'),
    })
  })

  test('for this stream, one that the caller may read is FORBIDDEN, and any other does not exist', async () => {
    const grants = [
      { scopes: ['streams:read'] as const, streams: ['lobby-*'] },
      { scopes: ['clips:request'] as const, streams: ['tag:site=berlin'] },
    ]
    const judge = await judgeOf(grants, 'clips:request')
    expect(judge.find({ name: 'garage-1' })).toEqual({ arn: garage.arn })
    expect(judge.find({ name: 'hidden' })).toBeNull()
    expect(() => judge.find({ name: 'lobby-7' })).toThrow('needs the scope clips:request for this stream')
    expect(() => judge.sees(lobby.arn)).toThrow('needs the scope clips:request for this stream')
  })
})

describe('a stream', () => {
  test('is looked up by its name if the name is covered, whether or not it exists', async () => {
    const judge = await readable('lobby-*')
    expect(judge.find({ name: 'lobby-9' })).toEqual({ name: 'lobby-9' })
    expect(judge.find({ arn: lobby.arn })).toEqual({ arn: lobby.arn })
    expect(judge.find({ name: 'garage-1' })).toBeNull()
    expect(judge.find({ arn: garage.arn })).toBeNull()
  })

  test('is looked up by its ARN if only the ARN is covered, so that a new stream of the same name stays hidden', async () => {
    const judge = await readable(lobby.arn)
    expect(judge.find({ name: 'lobby-1' })).toEqual({ arn: lobby.arn })
    expect(judge.sees(newLobby)).toBe(false)
    expect((await readable(lobby.arn, 'tag:site=rome')).find({ name: 'lobby-1' })).toEqual({ arn: newLobby.arn })
  })

  test('is covered by its tags, compared as a whole', async () => {
    const judge = await readable('tag:site=berlin')
    expect(judge.find({ name: 'garage-1' })).toEqual({ arn: garage.arn })
    expect([garage.arn, newLobby.arn, lobby.arn].map((arn) => judge.sees(arn))).toEqual([true, false, false])
    expect((await readable('tag:site=ber')).find({ name: 'garage-1' })).toBeNull()
  })

  test('is judged without tags when no pattern is a tag', async () => {
    const access = new Access({ read: () => Promise.reject(new Error('tags were read')) })
    const caller = callerOf(principalWith([{ scopes: ['streams:read'], streams: ['lobby-*'] }]))
    expect((await access.judge('streams:read', caller)).sees(lobby)).toBe(true)
  })
})
