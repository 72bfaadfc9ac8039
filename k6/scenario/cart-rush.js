import stampede from 'k6/x/stampede';
export const options = stampede.options('cart-rush', __ENV);
export default function () {}
