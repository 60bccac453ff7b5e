import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Readable } from 'node:stream'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdin?: Readable
}

/** Runs another program to its end, with only PATH and HOME of this process's environment. */
export function runProgram(program: string, args: readonly string[], { env = {}, cwd, stdin }: RunOptions = {}): Promise<Outcome> {
  const surroundings = { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C.UTF-8', ...env }
  const child = spawn(program, args, { env: surroundings, ...(cwd === undefined ? {} : { cwd }) })
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (part: Buffer) => stdout.push(part))
  child.stderr.on('data', (part: Buffer) => stderr.push(part))
  // A program that does not read its input closes it.
  child.stdin.on('error', () => {})
  ;(stdin ?? Readable.from([])).pipe(child.stdin)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }))
  })
}

interface PeerProgram {
  readonly names: readonly string[]
  /** The Debian package that continuous integration installs. */
  readonly debian: string
  readonly versionArgs: readonly string[]
}

const PEERS = {
  aws: { names: ['aws'], debian: 'awscli', versionArgs: ['--version'] },
  python3: { names: ['python3'], debian: 'python3-boto3', versionArgs: ['-c', 'import boto3; print("boto3", boto3.__version__)'] },
  ffmpeg: { names: ['ffmpeg'], debian: 'ffmpeg', versionArgs: ['-version'] },
  ffprobe: { names: ['ffprobe'], debian: 'ffmpeg', versionArgs: ['-version'] },
  curl: { names: ['curl'], debian: 'curl', versionArgs: ['--version'] },
  chromium: { names: ['chromium', 'chromium-browser', 'google-chrome'], debian: 'chromium', versionArgs: ['--version', '--no-sandbox'] },
  // The packages of the elements that the tests use: gstreamer1.0-plugins-base, -good (Matroska), -ugly (x264) and -libav (AAC).
  gst: { names: ['gst-launch-1.0'], debian: 'gstreamer1.0-tools', versionArgs: ['--version'] },
  mkvmerge: { names: ['mkvmerge'], debian: 'mkvtoolnix', versionArgs: ['--version'] },
  nginx: { names: ['nginx'], debian: 'nginx-light', versionArgs: ['-v'] },
  wget: { names: ['wget'], debian: 'wget', versionArgs: ['--version'] },
  aria2c: { names: ['aria2c'], debian: 'aria2', versionArgs: ['--version'] },
  java: { names: ['java'], debian: 'default-jre-headless', versionArgs: ['-version'] },
  buildah: { names: ['buildah'], debian: 'buildah', versionArgs: ['--version'] },
  debootstrap: { names: ['debootstrap'], debian: 'debootstrap', versionArgs: ['--version'] },
  promtool: { names: ['promtool'], debian: 'prometheus', versionArgs: ['--version'] },
} as const satisfies Record<string, PeerProgram>

export type PeerName = keyof typeof PEERS
export const PEER_NAMES: readonly PeerName[] = [
  'aws',
  'python3',
  'ffmpeg',
  'ffprobe',
  'curl',
  'chromium',
  'gst',
  'mkvmerge',
  'nginx',
  'wget',
  'aria2c',
  'java',
  'buildah',
  'debootstrap',
  'promtool',
]

export interface FoundProgram {
  readonly path: string
  /** The first line of the version that it prints. */
  readonly version: string
}

/** Programs of the distribution take precedence over the rest of PATH, because continuous integration uses them. */
export function findAll(peer: PeerName): string[] {
  const folders = [
    '/usr/bin',
    '/usr/sbin',
    ...(process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules')),
  ]
  const paths = PEERS[peer].names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [...new Set(paths)].filter(isExecutable)
}

/** The program and its version. @throws Error that names the package: a missing peer is a failure, not a reason to skip. */
export async function findPeer(peer: PeerName): Promise<FoundProgram> {
  const { debian, versionArgs } = PEERS[peer]
  for (const path of findAll(peer)) {
    const { code, stdout, stderr } = await runProgram(path, versionArgs)
    if (code === 0) return { path, version: (stdout || stderr).split('\n')[0] ?? '' }
  }
  throw new Error(`${peer} is missing, which test:peers needs: apt-get install ${debian}`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
