import { render } from 'preact';
import { App } from './app.js';
import { Feed } from './feed/feed.js';
import './styles/base.css';
import { applyTheme } from './theme.js';

applyTheme();
render(<App feed={new Feed('live')} />, document.getElementById('app') ?? document.body);
