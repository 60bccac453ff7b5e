import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import * as clipgate from '../src/index.js'

test('the public exports do not change', () => {
  expect(Object.keys(clipgate).sort()).toEqual([
    'ANONYMOUS',
    'Caller',
    'GatewayError',
    'WrongSetting',
    'buildGateway',
    'buildKvsServer',
    'loadSettings',
    'openSecrets',
    'parseConfig',
    'readEnv',
    'systemClock',
  ])
})

test('another program embeds a gateway and an embedded KVS in a few lines, without a port for the gateway', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-embedded-'))
  const kvs = await clipgate.buildKvsServer({ dataDir: join(folder, 'kvs'), port: 0 })
  const { config, secrets } = await clipgate.loadSettings({ DATA_DIR: folder })
  const gateway = await clipgate.buildGateway(config, secrets, { embeddedKvsUrl: await kvs.listen() })
  const payload = { query: '{ streams { nodes { name } } limits { defaultUrlSeconds } }' }
  const response = await gateway.app.inject({ method: 'POST', url: '/graphql', payload })
  expect(response.json()).toMatchObject({ data: { streams: { nodes: [] }, limits: { defaultUrlSeconds: 900 } } })
  await gateway.close()
  await kvs.close()
  await rm(folder, { recursive: true, force: true })
})
