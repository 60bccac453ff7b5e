import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findPeer } from './peer-programs.js'

// Builds ops/Dockerfile with buildah, and runs the image as a container engine does: as its user, with a read-only root file system.

const execute = promisify(execFile)
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

/** The settings of an image that matter to an engine. */
interface ImageSettings {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly Healthcheck: { readonly Test: readonly string[] }
}

async function buildah(...args: string[]): Promise<string> {
  const { path } = await findPeer('buildah')
  // There are no namespaces for users and networks inside most build machines.
  const { stdout } = await execute(path, args, { env: { ...process.env, BUILDAH_ISOLATION: 'chroot' }, maxBuffer: 100_000_000 })
  return stdout.trim()
}

/** Debian from debootstrap, with Node from the npm package `node`. The machine keeps it for the next run. */
async function ensureBaseImage(): Promise<string> {
  const name = `localhost/clipgate-test-base:node-${process.versions.node}`
  if ((await buildah('images', '--quiet', '--filter', `reference=${name}`)) !== '') return name
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-base-'))
  const root = join(folder, 'root')
  const { path: debootstrap } = await findPeer('debootstrap')
  await execute(debootstrap, ['--variant=minbase', '--include=ca-certificates', 'bookworm', root], { maxBuffer: 100_000_000 })
  const container = await buildah('from', 'scratch')
  await buildah('add', '--quiet', container, root, '/')
  await buildah('copy', '--quiet', container, process.execPath, '/usr/local/bin/node')
  await buildah('copy', '--quiet', container, await findNpm(), '/usr/local/lib/node_modules/npm')
  // The registry of this machine may have a certificate of its own.
  if (existsSync(CERTIFICATES)) await buildah('copy', '--quiet', container, CERTIFICATES, CERTIFICATES)
  await buildah('run', container, '--', 'ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm')
  await buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, container)
  await buildah('commit', '--quiet', container, name)
  await buildah('rm', container)
  await rm(folder, { recursive: true, force: true })
  return name
}

async function findNpm(): Promise<string> {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  const npm = folders.map((folder) => join(folder, 'npm')).find((path) => existsSync(path))
  if (npm === undefined) throw new Error('npm is not in PATH')
  return dirname(dirname(await realpath(npm)))
}

export interface ContainerImage extends AsyncDisposable {
  readonly settings: ImageSettings
  /** The root file system. */
  readonly root: string
}

export async function buildImage(): Promise<ContainerImage> {
  const base = await ensureBaseImage()
  const npmrc = join(homedir(), '.npmrc')
  const secret = existsSync(npmrc) ? ['--secret', `id=npmrc,src=${npmrc}`] : []
  const name = 'localhost/clipgate-test'
  const options = ['--pull-never', '--format', 'docker', '--build-arg', `BASE_IMAGE=${base}`, '--file', 'ops/Dockerfile', '--tag', name]
  await buildah('bud', ...options, ...secret, '.')
  const container = await buildah('from', '--pull-never', name)
  const root = await buildah('mount', container)
  const { Docker } = JSON.parse(await buildah('inspect', '--type', 'container', container))
  return {
    settings: Docker.config,
    root,
    async [Symbol.asyncDispose]() {
      await buildah('rm', container)
      await buildah('rmi', name)
    },
  }
}

/** The root is a read-only bind mount; only the volume and /tmp can be written to. The network is that of this machine. */
const ENTER = `set -e
mkdir -p "$2"
mount --bind "$1" "$1"
mount --bind "$2" "$1/var/lib/clipgate"
mount -t tmpfs tmpfs "$1/tmp"
mount -t proc proc "$1/proc"
mount --bind /dev "$1/dev"
mount --bind /etc/resolv.conf "$1/etc/resolv.conf"
mount -o remount,bind,ro "$1"
root=$1; user=$3; shift 3
exec chroot --userspec="$user" "$root" "$@"`

export interface Container extends AsyncDisposable {
  readonly child: ChildProcess
  /** Everything that it has printed. */
  output(): string
  /** Runs the health check of the image. Resolves with its exit code. */
  checkHealth(): Promise<number | null>
}

export async function startContainer(
  image: ContainerImage,
  { env, volume }: { readonly env: Readonly<Record<string, string>>; readonly volume: string },
): Promise<Container> {
  const { User, Env, Entrypoint, Cmd, Healthcheck } = image.settings
  await mkdir(volume, { recursive: true })
  const own = Object.fromEntries(Env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  const run = (command: readonly string[]) =>
    spawn('unshare', ['--mount', '--', 'sh', '-c', ENTER, 'enter', image.root, volume, User, ...command], { env: { ...own, ...env } })
  const child = run([...Entrypoint, ...Cmd])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return {
    child,
    output: () => output,
    async checkHealth() {
      const [kind, ...command] = Healthcheck.Test
      if (kind !== 'CMD') throw new Error(`the health check is a ${kind}`)
      const [code] = await once(run(command), 'close')
      return code
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}
