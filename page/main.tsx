import { render } from 'preact';

render(<h1>respite</h1>, document.getElementById('app') ?? document.body);
