import type { Plugin } from 'esbuild'

/** Packages by which others load native code, unseen by the bundler. */
const LOADERS = /^(?:bindings|node-gyp-build|node-gyp-build-optional-packages|@mapbox\/node-pre-gyp|prebuild-install)$/

/** Native code cannot go into a bundle: says so, instead of an app that fails when it starts. */
export function refuseNativeModules(): Plugin {
  return {
    name: 'native modules',
    setup(build) {
      const refuse = (path: string, importer: string) => ({
        errors: [
          {
            text: `${importer} loads native code (${path}), which cannot go into a release. Use a package without it, or leave its package out with --external and install it where the release runs.`,
          },
        ],
      })
      build.onResolve({ filter: /\.node$/ }, ({ path, importer }) => refuse(path, importer))
      build.onResolve({ filter: LOADERS }, ({ path, importer }) => refuse(path, importer))
    },
  }
}
