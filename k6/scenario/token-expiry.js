import stampede from 'k6/x/stampede';
export const options = stampede.options('token-expiry', __ENV);
export default function () {}
