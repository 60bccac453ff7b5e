import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { startTestGateway, type TestGateway } from '../support/gateway-test.js'
import { RawSocket } from '../support/graphql-socket.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { startOidcProvider, type TestProvider } from '../support/oidc-provider.js'

const POLICY = [
  { claim: 'scope', value: 'streams:read', grants: [{ scopes: ['streams:read'], streams: ['lobby-*'] }] },
  { claim: 'sub', value: 'alice', grants: [{ scopes: ['clips:validate'], streams: ['*'] }] },
]

let provider: TestProvider
let kvs: KvsTestServer
let folder: string
let policyFile: string
let gateway: TestGateway

beforeAll(async () => {
  provider = await startOidcProvider()
  kvs = await startKvsTestServer()
  for (const StreamName of ['lobby-1', 'garage-1'])
    await kvs.control.send(new CreateStreamCommand({ StreamName, DataRetentionInHours: 24 }))
  folder = await mkdtemp(join(tmpdir(), 'clipgate-oidc-'))
  policyFile = join(folder, 'policy.json')
  await writeFile(policyFile, JSON.stringify(POLICY))
  gateway = await startTestGateway(kvs, { OIDC_ISSUER: provider.url, OIDC_AUDIENCE: 'clipgate', ACCESS_POLICY_FILE: policyFile })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await provider?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function ask(query: string, token: string) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return { status: response.status, answer: JSON.parse(await response.text()) }
}

describe('with an OpenID Connect provider', () => {
  test('a machine gets what its scopes allow', async () => {
    const reader = await provider.requestMachineToken('streams:read')
    const { answer } = await ask('{ streams { nodes { name } } }', reader.accessToken)
    expect(answer.data.streams.nodes).toEqual([{ name: 'lobby-1' }])
    const other = await provider.requestMachineToken('clips:request')
    expect((await ask('{ streams { nodes { name } } }', other.accessToken)).answer.errors[0].extensions.code).toBe('FORBIDDEN')
  })

  test('a person signs in and gets the grants of the policy, and the ID token is refused', async () => {
    const { accessToken, idToken } = await provider.signIn('openid streams:read')
    const query =
      '{ streams { nodes { name } } validateClip(input: { streamName: "garage-1", startTimestamp: "2026-01-01T00:00:00Z", endTimestamp: "2026-01-01T00:01:00Z" }) { valid } }'
    expect((await ask(query, accessToken)).answer.data).toEqual({
      streams: { nodes: [{ name: 'lobby-1' }] },
      validateClip: { valid: false },
    })
    expect(idToken).not.toBeNull()
    expect((await ask('{ limits { maxRangeHours } }', idToken ?? '')).status).toBe(401)
  })

  test('a WebSocket closes with 4403 when the policy changes', async () => {
    const { accessToken } = await provider.requestMachineToken('streams:read')
    const raw = new RawSocket(gateway.url)
    await new Promise((resolve) => raw.socket.once('open', resolve))
    raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${accessToken}` } })
    await raw.until('connection_ack')
    await writeFile(policyFile, JSON.stringify(POLICY.slice(1)))
    expect(await raw.closed).toMatchObject({ code: 4403 })
    await writeFile(policyFile, JSON.stringify(POLICY))
    await eventually(async () => expect((await ask('{ streams { nodes { name } } }', accessToken)).answer.data.streams).not.toBeNull())
  })
})
