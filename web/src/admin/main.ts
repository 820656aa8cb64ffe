// SPDX-License-Identifier: AGPL-3.0-or-later

import { mount } from 'svelte';
import '../app.css';
import { greet } from '../lib/texts.svelte.ts';
import App from './App.svelte';

void greet().then(() => mount(App, { target: document.getElementById('app')! }));
