// Writes docs/configuration.md from the schema. Build first.
import {writeFileSync} from 'node:fs';
import {configurationPage} from '../dist/src/config.js';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage());
