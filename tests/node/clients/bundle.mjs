// Bundles the page that is the first argument into the file that is the second.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

const [, , page, outfile] = process.argv
await build({
  entryPoints: [page],
  outfile,
  bundle: true,
  format: 'iife',
  jsx: 'automatic',
  nodePaths: [fileURLToPath(new URL('../node_modules', import.meta.url))],
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'error',
})
