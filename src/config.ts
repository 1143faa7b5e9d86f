/**
 * @module The configuration: file, environment and flags become one frozen, typed Config. Only this room reads the
 * environment, and only here. The settings themselves are in `config/schema.ts`.
 */
import {loadConfig, type Config, type ConfigSources} from './config/load-config.js';

export {ConfigError, isAllInOne, type Config} from './config/load-config.js';
export {ROLE_NAMES, type RoleName} from './config/schema.js';
export {configTemplate, configurationPage} from './config/config-text.js';
export {publicSettings} from './config/public-settings.js';
export {nearestName} from './config/nearest-name.js';

/** Reads this process's environment beside what is given. @throws ConfigError for anything that a user can put right. */
export function readConfig(sources: Omit<ConfigSources, 'environment'>): Config {
  return loadConfig({...sources, environment: process.env});
}
