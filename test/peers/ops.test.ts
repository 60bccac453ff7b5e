import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SETTING_NAMES } from '../../src/config/env.js'
import { findHelm } from '../support/helm.js'
import { findPeer, type Outcome, runProgram } from '../support/peer-programs.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-ops-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function promtool(...args: string[]): Promise<Outcome> {
  const { path } = await findPeer('promtool')
  return runProgram(path, args)
}

describe('promtool', () => {
  test('accepts the alert rules', async () => {
    expect(await promtool('check', 'rules', 'ops/prometheus/clipgate.rules.yaml')).toMatchObject({ code: 0, stderr: '' })
  })

  test('finds that each fault raises its alert, and ordinary work none', async () => {
    const { code, stdout, stderr } = await promtool('test', 'rules', 'ops/prometheus/clipgate.rules.test.yaml')
    expect({ code, output: stdout + stderr }).toMatchObject({ code: 0, output: expect.stringContaining('SUCCESS') })
  })

  test('parses each expression of the dashboard', async () => {
    const dashboard: { panels: { title: string; targets: { expr: string }[] }[] } = JSON.parse(
      await readFile('ops/grafana/clipgate.json', 'utf8'),
    )
    const exprs = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    const rules = exprs.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.+'),
    }))
    const file = join(folder, 'dashboard.yaml')
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
    expect(exprs.length).toBeGreaterThan(10)
    expect(await promtool('check', 'rules', '--lint=none', file)).toMatchObject({ code: 0, stderr: '' })
  })
})

test('the AWS CLI accepts the ECS task definition', async () => {
  const { path } = await findPeer('aws')
  const file = 'file://ops/ecs/task-definition.json'
  const args = ['ecs', 'register-task-definition', '--cli-input-json', file, '--generate-cli-skeleton', 'output', '--region', 'eu-west-1']
  expect(await runProgram(path, args)).toMatchObject({ code: 0, stderr: '' })
})

const MINIMUM = ['--set', 'publicUrl=https://clips.example.net', '--set', 'secretName=secrets', '--set', 'apiKeysSecretName=keys']
const EVERYTHING = [
  ...['oidc.issuer=https://login.example.net', 'oidc.audience=clipgate', 'oidc.policyConfigMapName=policy', 'awsRegion=eu-west-1'],
  ...['ingress.enabled=true', 'ingress.host=clips.example.net', 'ingress.tlsSecretName=tls', 'podMonitor.enabled=true'],
].flatMap((setting) => ['--set', setting])

describe('helm', () => {
  let helm: string
  beforeAll(async () => {
    helm = await findHelm()
  }, 300_000)

  const template = (...args: string[]) => runProgram(helm, ['template', 'cameras', 'ops/helm/clipgate', ...args])

  test.each([
    ['least', MINIMUM],
    ['most', [...MINIMUM, ...EVERYTHING]],
  ])('finds no fault in the chart with the %s settings', async (_, settings) => {
    const { code, stdout } = await runProgram(helm, ['lint', '--strict', 'ops/helm/clipgate', ...settings])
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('0 chart(s) failed') })
  })

  test('renders one object of each kind', async () => {
    const { code, stdout } = await template(...MINIMUM, ...EVERYTHING)
    expect(code).toBe(0)
    const kinds = [...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind)
    expect(kinds.toSorted()).toEqual(['Deployment', 'Ingress', 'PodDisruptionBudget', 'PodMonitor', 'Service', 'ServiceAccount'])
  })

  test('sets only settings that the gateway knows, or that the AWS SDK reads', async () => {
    const { stdout } = await template(...MINIMUM, ...EVERYTHING)
    const names = [...stdout.matchAll(/^ +- name: ([A-Z][A-Z_]+)$/gm)].map(([, name = '']) => name)
    const known: readonly string[] = [...SETTING_NAMES, 'AWS_REGION']
    expect(names.length).toBeGreaterThan(8)
    expect(names.filter((name) => !known.includes(name))).toEqual([])
  })

  test('gives a pod longer to stop than the gateway takes', async () => {
    const { stdout } = await template(...MINIMUM, '--set', 'shutdown.delaySeconds=20', '--set', 'shutdown.graceSeconds=90')
    const millisecondsOf = (name: string) => Number(new RegExp(`name: ${name}\\n +value: "(\\d+)"`).exec(stdout)?.[1])
    const graceSeconds = Number(/terminationGracePeriodSeconds: (\d+)/.exec(stdout)?.[1])
    expect([millisecondsOf('SHUTDOWN_DELAY_MS'), millisecondsOf('SHUTDOWN_GRACE_MS')]).toEqual([20_000, 90_000])
    expect(graceSeconds * 1000).toBeGreaterThan(20_000 + 90_000)
  })

  test.each([
    ['no URL', ['--set', 'secretName=s', '--set', 'apiKeysSecretName=k'], 'publicUrl is the base of the clip URLs'],
    [
      'no secrets',
      ['--set', 'publicUrl=https://a.example', '--set', 'apiKeysSecretName=k'],
      'secretName is a Secret with CLIP_URL_SECRETS',
    ],
    ['no access control', ['--set', 'publicUrl=https://a.example', '--set', 'secretName=s'], 'Set apiKeysSecretName or oidc.issuer'],
  ])('refuses a chart with %s', async (_, settings, message) => {
    const { code, stderr } = await template(...settings)
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
  })
})
