import { describe, expect, test } from '@jest/globals'
import { footage, recording } from '../support/footage.js'
import { startTestGateway, upload } from '../support/gateway-test.js'
import { startKvsTestServer } from '../support/kvs-test-server.js'

const START = Math.floor(Date.now() / 1000) * 1000 - 600_000

describe('a camera that sends one picture in each fragment', () => {
  test.each([
    [1000, 1],
    [2000, 0.5],
    [100, 10],
    [5000, 0.2],
  ])('has the rate that its fragments come at, one in %d ms', async (restMs, frameRate) => {
    await using kvs = await startKvsTestServer()
    await using gateway = await startTestGateway(kvs)
    const file = recording([0, 1, 2, 3].map((index) => footage(index * restMs, { frames: 1 })))
    await upload(kvs, { streamName: 'meter', file, producerStartMs: START })
    const { data, errors } = await gateway.ask(
      'query ($at: DateTime) { stream(name: "meter") { newest: media { video { frameRate } } media(at: $at, fragmentSelectorType: PRODUCER_TIMESTAMP) { video { frameRate } } } }',
      { at: new Date(START + 2 * restMs + 1).toISOString() },
    )
    expect(errors).toBeUndefined()
    expect(data).toEqual({ stream: { newest: { video: { frameRate } }, media: { video: { frameRate } } } })
  })
})
