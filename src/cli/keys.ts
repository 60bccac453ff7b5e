import { resolve } from 'node:path'
import { Command } from 'commander'
import { createApiKey, hashApiKey } from '../auth/api-key.js'
import { type ApiKeyRecord, KEY_NAME } from '../auth/api-key-file.js'
import { editApiKeys, readApiKeys } from '../auth/edit-api-keys.js'
import { toPattern, toScope } from '../auth/grant.js'
import { readEnv } from '../config/env.js'
import type { EpochMs } from '../lib/clock.js'
import { WrongArgument } from './failure.js'

interface CreateOptions {
  readonly name: string
  readonly scopes: string
  readonly streams: string
  readonly expires?: string
}

export function keysCommand(): Command {
  const command = new Command('keys').description('Create, list and revoke API keys. API_KEYS_FILE names their file.')
  command
    .command('create')
    .description('Create an API key and print it. It is shown only once.')
    .requiredOption('--name <name>', 'who uses the key')
    .requiredOption('--scopes <scopes>', 'what the key allows, such as streams:read,clips:request')
    .requiredOption('--streams <patterns>', "which streams it covers: names, ARNs and tags, such as 'lobby-*,tag:site=berlin', or '*'")
    .option('--expires <duration>', 'lifetime of the key, such as 90d or 12h. Default: it does not expire')
    .action(createKey)
  command.command('list').description('List the API keys.').action(listKeys)
  command
    .command('revoke')
    .description('Revoke an API key, and with it the clip URLs that it was given.')
    .argument('<id>', 'the ID that list shows')
    .action(revokeKey)
  for (const sub of command.commands) sub.exitOverride()
  return command
}

async function createKey({ name, scopes, streams, expires }: CreateOptions): Promise<void> {
  if (!KEY_NAME.test(name)) throw new WrongArgument('--name must have 1 to 100 printable characters.')
  const nowMs = Date.now()
  const grants = [{ scopes: listOf(scopes).map(toScope), streams: listOf(streams).map(toPattern) }]
  const expiresAtMs = expires === undefined ? null : nowMs + parseDuration(expires)
  const { id, key } = createApiKey()
  const sha256 = hashApiKey(key).toString('hex')
  const record: ApiKeyRecord = { id, name, sha256, grants, createdAtMs: nowMs, expiresAtMs, revokedAtMs: null }
  await editApiKeys(findFile(), (records) => [...records, record])
  console.log(key)
  console.error(`This is the only time that the key is shown. Its ID is ${id}.`)
}

async function listKeys(): Promise<void> {
  const nowMs = Date.now()
  const records = await readApiKeys(findFile())
  const rows = records.map((record) => [record.id, toState(record, nowMs), toDay(record.expiresAtMs), describeGrants(record), record.name])
  printTable([['ID', 'STATE', 'EXPIRES', 'GRANTS', 'NAME'], ...rows])
}

async function revokeKey(id: string): Promise<void> {
  await editApiKeys(findFile(), (records) => {
    if (!records.some((record) => record.id === id)) throw new WrongArgument(`There is no API key with the ID ${JSON.stringify(id)}.`)
    return records.map((record) => (record.id === id ? { ...record, revokedAtMs: record.revokedAtMs ?? Date.now() } : record))
  })
  console.log(`The key ${id} is revoked. Running gateways apply this within a second.`)
}

/** Reads only this setting, so that the command works without the others. */
function findFile(): string {
  const { API_KEYS_FILE } = readEnv()
  if (API_KEYS_FILE !== undefined) return resolve(API_KEYS_FILE)
  throw new WrongArgument('API_KEYS_FILE is not set, but must name the file of the API keys.')
}

function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim())
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function parseDuration(text: string): number {
  const match = /^(?<count>[1-9]\d{0,5})(?<unit>[mhd])$/.exec(text)
  const unitMs = UNIT_MS[match?.groups?.unit ?? '']
  if (unitMs !== undefined) return Number(match?.groups?.count) * unitMs
  throw new WrongArgument(`--expires is ${JSON.stringify(text)}, but must be a number of minutes, hours or days, such as 90d.`)
}

function toState({ revokedAtMs, expiresAtMs }: ApiKeyRecord, nowMs: EpochMs): string {
  if (revokedAtMs !== null) return 'revoked'
  return expiresAtMs !== null && expiresAtMs <= nowMs ? 'expired' : 'valid'
}

function toDay(ms: EpochMs | null): string {
  return ms === null ? 'never' : new Date(ms).toISOString().slice(0, 10)
}

function describeGrants({ grants }: ApiKeyRecord): string {
  return grants.map(({ scopes, streams }) => `${scopes.join(',')} on ${streams.map(({ text }) => text).join(',')}`).join('; ')
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, index) => Math.max(cell.length, most[index] ?? 0)), [])
  for (const row of rows)
    console.log(
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}
