import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestGateway, type TestGateway } from './support/gateway-test.js'
import { KvsWireStub } from './support/kvs-wire-stub.js'

let stub: KvsWireStub
let gateway: TestGateway
let admin = ''

beforeAll(async () => {
  stub = await new KvsWireStub().listen()
  stub.on('/listStreams', () => ({ StreamInfoList: [] }))
  gateway = await startTestGateway(stub, { ADMIN_HOST: '127.0.0.1', ADMIN_PORT: '0' })
  admin = gateway.gateway.adminUrl ?? ''
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await stub?.close()
})

async function get(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url)
  return { status: response.status, text: await response.text() }
}

describe('a gateway with an admin address', () => {
  test('serves metrics there, and not on the main address', async () => {
    await gateway.ask('{ limits { maxRangeHours } }')
    const { status, text } = await get(`${admin}/metrics`)
    expect(status).toBe(200)
    expect(text).toContain('clipgate_graphql_request_seconds_count{operation_type="query",outcome="ok"} 1')
    expect((await get(`${gateway.url}/metrics`)).status).toBe(404)
    expect((await get(gateway.url)).text).not.toContain('/metrics')
  })

  test('names each dependency there, and only the status on the main address', async () => {
    const details = { status: 'ok', dependencies: { kinesisVideo: { status: 'ok' }, clipStore: { status: 'ok' } } }
    expect(JSON.parse((await get(`${admin}/health/ready`)).text)).toEqual(details)
    expect(JSON.parse((await get(`${gateway.url}/health/ready`)).text)).toEqual({ status: 'ok' })
    for (const url of [admin, gateway.url]) expect(await get(`${url}/health/live`)).toEqual({ status: 200, text: '{"status":"ok"}' })
  })

  test.each(['/graphql', '/clips/x/y.mp4', '/schema.graphql', '/'])('serves no %s there', async (path) => {
    expect((await get(`${admin}${path}`)).status).toBe(404)
  })

  test('is not ready on both addresses while it drains, and still serves', async () => {
    await using other = await startTestGateway(stub, { ADMIN_HOST: '127.0.0.1', ADMIN_PORT: '0' })
    other.gateway.drain()
    for (const url of [other.gateway.adminUrl, other.url]) {
      const { status, text } = await get(`${url}/health/ready`)
      expect({ status, health: JSON.parse(text).status }).toEqual({ status: 503, health: 'closing' })
      expect((await get(`${url}/health/live`)).status).toBe(200)
    }
    expect(await other.ask('{ limits { maxRangeHours } }')).toMatchObject({ data: { limits: {} } })
  })
})
