import type { ServerResponse } from 'node:http'
import { build, type Plugin } from 'esbuild'

/** Bundles a script and its imports for a browser. `modules` replace files with these names. */
export async function bundleForBrowsers(
  entryPoint: string,
  modules: Readonly<Record<string, string>> = {},
): Promise<(response: ServerResponse) => void> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    plugins: [givenModules(modules)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const [script] = outputFiles
  if (script === undefined) throw new Error('esbuild made no script')
  return (response) => response.setHeader('content-type', 'text/javascript').end(script.contents)
}

function givenModules(modules: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'given-modules',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\// }, ({ path }) => (path.slice(2) in modules ? { path: path.slice(2), namespace: 'given' } : null))
      onLoad({ filter: /.*/, namespace: 'given' }, ({ path }) => ({
        contents: modules[path] ?? '',
        loader: 'jsx',
        resolveDir: process.cwd(),
      }))
    },
  }
}
