import { beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, runCli, startCli } from '../support/cli-process.js'
import { testOnPosix } from '../support/platforms.js'

beforeAll(buildDist, 120_000)

/** Runs the query of a printed curl line. */
async function ask(output: string) {
  const [, url = '', body = ''] = /curl -s (\S+) .* -d '(.*)'/.exec(output) ?? []
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return JSON.parse(await response.text())
}

describe('clipgate serve', () => {
  testOnPosix.each(['SIGTERM', 'SIGINT'] as const)(
    'starts both servers, prints a query that works, and stops in order at %s (skipped on Windows: no signals)',
    async (signal) => {
      await using serve = await startCli(['serve'])
      const { input } = await serve.until(/Press Ctrl-C to stop/)
      expect(await ask(input)).toMatchObject({ data: { streams: { nodes: [] } } })
      const [, gatewayUrl = ''] = /GraphQL +(\S+)\/graphql/.exec(input) ?? []
      expect((await fetch(`${gatewayUrl}/health/ready`)).status).toBe(200)
      const { code, stderr, stdout } = await serve.stop(signal)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/clipgate is stopping …\n$/)
    },
  )

  test('shows footage that is uploaded later in the response to that query', async () => {
    await using serve = await startCli(['serve'])
    const { input } = await serve.until(/Press Ctrl-C to stop/)
    const [, kvsUrl = ''] = /Kinesis Video +(\S+)/.exec(input) ?? []
    const env = { KVS_PORT: new URL(kvsUrl).port }
    expect(await runCli(['put-media', 'test/fixtures/h264-aac.mkv', '--stream-name', 'yard'], env)).toMatchObject({ code: 0 })
    expect(await ask(input)).toMatchObject({
      data: { streams: { nodes: [{ name: 'yard', status: 'ACTIVE', retainedFrom: expect.any(String) }] } },
    })
  })

  testOnPosix('treats one Ctrl-C that reaches it twice as one (skipped on Windows: no signals)', async () => {
    await using serve = await startCli(['serve'])
    await serve.until(/Press Ctrl-C to stop/)
    const ended = serve.stop('SIGINT')
    const again = serve.stop('SIGINT')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
    await again
  })

  test('with AWS and nothing to sign with, stops with one sentence', async () => {
    const env = { KVS_BACKEND: 'aws', AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nonexistent' }
    const { code, stdout, stderr } = await runCli(['serve'], env)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^No AWS Region is configured: .+\n$/)
  })
})
